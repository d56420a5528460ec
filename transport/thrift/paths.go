package thrift

// Paths implements [transport.Pather]: the IDL and the folders of included files.
func (c *Config) Paths() []*string {
	paths := []*string{&c.IDL}
	for i := range c.Include {
		paths = append(paths, &c.Include[i])
	}
	return paths
}
