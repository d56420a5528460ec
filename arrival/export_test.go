package arrival

// StartAfter puts a fresh schedule where k gaps of exactly 1 leave it.
func (s *Schedule) StartAfter(k int64) { s.whole, s.index = float64(k), k-1 }

// Unregister takes a name out of both tables.
func Unregister(name string) {
	delete(processes.defs, name)
	delete(profiles.defs, name)
}
