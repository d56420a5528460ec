// Package counting has targets that know when each request arrived and who sent it, and the statistics that tests judge those times by.
//
// The times are the kernel's, taken when a request's last packet reached the machine's network stack, not when this process got round to
// reading it: a target that is short of processor time still tells the truth about the sender. They are on the wall clock.
package counting
