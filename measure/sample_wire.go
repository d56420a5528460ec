package measure

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// wireFailure is a failure with what decides whether it is kept when samples are merged.
type wireFailure struct {
	Failure
	Rank  uint64 `json:"rank"`
	First bool   `json:"first,omitempty"` // one of the first of its cause
	Drawn bool   `json:"drawn,omitempty"`
}

// MarshalJSON writes all that [Sample.Merge] needs. Text that is not UTF-8 loses what JSON cannot hold, as it does in
// failures.jsonl.
func (s *Sample) MarshalJSON() ([]byte, error) {
	all := map[*kept]*wireFailure{}
	of := func(k *kept) *wireFailure {
		if all[k] == nil {
			all[k] = &wireFailure{Failure: k.Failure, Rank: k.rank}
		}
		return all[k]
	}
	for _, list := range s.first {
		for _, k := range list {
			of(k).First = true
		}
	}
	for _, k := range s.drawn {
		of(k).Drawn = true
	}
	list := make([]*wireFailure, 0, len(all))
	for _, k := range slices.SortedFunc(maps.Keys(all), byTime) {
		list = append(list, all[k])
	}
	return json.Marshal(list)
}

// UnmarshalJSON makes s the sample that [Sample.MarshalJSON] wrote, to be merged into another. It is within a sample's bounds,
// whatever was written.
func (s *Sample) UnmarshalJSON(b []byte) error {
	var list []wireFailure
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("measure: sample: %w", err)
	}
	in := NewSample(0)
	for i := range list {
		f := &list[i]
		k := &kept{Failure: f.Failure, rank: f.Rank}
		if f.First {
			in.first[f.Cause] = append(in.first[f.Cause], k)
		}
		if f.Drawn {
			in.draw(k)
		}
	}
	*s = *NewSample(0)
	s.Merge(in)
	return nil
}
