package arrival

func init() {
	Register(Def{
		Name:    "uniform",
		Summary: "a constant gap, as from a clock",
		Build: func(Args) (Process, error) {
			return Process{NewLaw: Uniform}, nil
		},
	})
}

// Uniform returns the law whose gaps are all exactly 1, the first one included. It splits by stride and phase:
// part i of n has the arrivals i, i+n, i+2n, … of the whole, at exactly the whole's due times.
func Uniform() Law { return &uniform{next: 1, stride: 1} }

type uniform struct {
	next   float64 // the gap to come: at first the phase, then the stride
	stride float64
}

func (u *uniform) Gap() float64 {
	gap := u.next
	u.next = u.stride
	return gap
}

func (u *uniform) Split(i, n int) Law {
	return &uniform{next: u.next + float64(i)*u.stride, stride: u.stride * float64(n)}
}
