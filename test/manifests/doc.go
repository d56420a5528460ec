// Package manifests holds what launchers render against the types of those who are to read it: Kubernetes' and Nomad's API packages. They are
// heavy, so this is a module of its own.
package manifests
