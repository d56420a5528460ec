package arrival

import "math/rand/v2"

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
// OOPSLA 2014): it makes unrelated words of related ones.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// newStream returns the random numbers that belong to a seed and a part (0: the whole): PCG-DXSM, started at
// places far from each other for neighboring seeds and parts.
func newStream(seed, part uint64) *rand.Rand { return rand.New(newPCG(seed, part)) }

func newPCG(seed, part uint64) *rand.PCG {
	s := mix(seed) ^ mix(^part)
	return rand.NewPCG(mix(s), mix(s+1))
}
