// Package outages has no code of its own: its tests run jobs in real processes over real servers, and take away what the jobs are made of, the
// coordinator, feeders, the bus, or a right, while they run. What is left must still keep to the schedule, and its figures must add up to the
// last request.
package outages
