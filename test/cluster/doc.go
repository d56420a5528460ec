// Package cluster runs iago's processes for tests that break them: on hosts of package netns or on the machine itself, with what they
// say kept and shown when the test fails, and nothing of them left behind.
//
// A test package that uses it has
//
//	func TestMain(m *testing.M) {
//		os.Exit(cluster.Run(m, func() int { return cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }))
//	}
package cluster
