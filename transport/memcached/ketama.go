package memcached

import (
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/iagoloadgen/iago/load"
)

// Ketama is Richard Jones's consistent hashing (libketama, 2007), as libmemcached has it with MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED and
// servers of equal weight, which is what PHP's OPT_LIBKETAMA_COMPATIBLE sets too: on a circle of 2³² points each server has
// about 160, four of each MD5 of "host:port-0", "host:port-1", …, the port left out if it is 11211; a key belongs to the server
// of the first point that is not below the first four bytes of its MD5.

const (
	pointsPerServer = 160
	pointsPerHash   = 4
)

// point is a place on the circle.
type point struct {
	at     uint32
	server int32
}

// continuum is the circle, in ascending order.
type continuum []point

func newContinuum(targets []load.Target) locator {
	var c continuum
	var name []byte
	for i := range targets {
		name = appendServer(name[:0], &targets[i])
		for k := range hashesPerServer(len(targets)) {
			sum := md5.Sum(strconv.AppendInt(append(name, '-'), int64(k), 10))
			for p := range pointsPerHash {
				c = append(c, point{binary.LittleEndian.Uint32(sum[4*p:]), int32(i)})
			}
		}
	}
	slices.SortStableFunc(c, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	return c
}

// hashesPerServer is 40, or 39 where libmemcached's arithmetic in single precision comes out just below.
func hashesPerServer(servers int) int {
	share := float32(1) / float32(servers)
	points := float32(share*pointsPerServer) / pointsPerHash
	points = float32(points * float32(servers))
	return int(math.Floor(float64(float32(float64(points) + 1e-10))))
}

// appendServer writes the name that libmemcached gives a server. Unix sockets have port 0 there.
func appendServer(dst []byte, t *load.Target) []byte {
	if t.Unix != "" {
		return append(append(dst, t.Unix...), ":0"...)
	}
	dst = append(dst, t.Host...)
	if t.Port == port {
		return dst
	}
	return strconv.AppendInt(append(dst, ':'), int64(t.Port), 10)
}

// locate implements locator.
func (c continuum) locate(key []byte) int {
	sum := md5.Sum(key)
	h := binary.LittleEndian.Uint32(sum[:])
	low, high := 0, len(c)
	for low < high {
		if mid := int(uint(low+high) >> 1); c[mid].at < h {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == len(c) {
		low = 0
	}
	return int(c[low].server)
}

// modulus spreads keys by a hash modulo the number of servers, as libmemcached does by default.
type modulus uint32

func newModulus(targets []load.Target) locator { return modulus(len(targets)) }

// locate implements locator, with Bob Jenkins's one-at-a-time hash (Dr. Dobb's Journal, September 1997).
func (m modulus) locate(key []byte) int {
	var h uint32
	for _, b := range key {
		h += uint32(b)
		h += h << 10
		h ^= h >> 6
	}
	h += h << 3
	h ^= h >> 11
	h += h << 15
	return int(h % uint32(m))
}
