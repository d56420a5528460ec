package engine

import "testing"

// Requests prepared ahead take no more bytes than allowed, but for the last of them.
func TestAheadInBytes(t *testing.T) {
	f := newFeed(&producer{}, 100, 1000)
	n := 0
	for ; f.room(); n++ {
		it := f.blank()
		it.req.Wire = make([]byte, 400)
		f.push(it)
	}
	if n != 3 {
		t.Errorf("%d requests of 400 bytes are ahead, expected 3", n)
	}
	if _, state := f.pop(); state != feedReady || !f.room() {
		t.Errorf("state %v, and no room after one was taken", state)
	}
}
