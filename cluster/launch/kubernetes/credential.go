package kubernetes

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// credential is a program that gives credentials (client.authentication.k8s.io, as the clouds' command lines do).
type credential struct {
	APIVersion string   `yaml:"apiVersion"`
	Command    string   `yaml:"command"`
	Args       []string `yaml:"args"`
	Env        []struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	} `yaml:"env"`
	InstallHint string `yaml:"installHint"`
}

// run runs the program once and puts what it gives into u: launching does not take as long as credentials last.
func (c *credential) run(ctx context.Context, u *user) error {
	cmd := exec.CommandContext(ctx, c.Command, c.Args...)
	cmd.Env = os.Environ()
	for _, e := range c.Env {
		cmd.Env = append(cmd.Env, e.Name+"="+e.Value)
	}
	info, err := json.Marshal(map[string]any{"apiVersion": c.APIVersion, "kind": "ExecCredential", "spec": map[string]any{"interactive": false}})
	if err != nil {
		return fmt.Errorf("exec %s: %w", c.Command, err)
	}
	cmd.Env = append(cmd.Env, "KUBERNETES_EXEC_INFO="+string(info))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("exec %s: %w: %s %s", c.Command, err, strings.TrimSpace(stderr.String()), strings.TrimSpace(c.InstallHint))
	}
	var answer struct {
		Status struct{ Token, ClientCertificateData, ClientKeyData string }
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return fmt.Errorf("exec %s: its answer is no ExecCredential: %w", c.Command, err)
	}
	s := answer.Status
	if s.Token == "" && s.ClientCertificateData == "" {
		return fmt.Errorf("exec %s: its answer has neither token nor certificate", c.Command)
	}
	u.Token, u.TokenFile = s.Token, ""
	if s.ClientCertificateData != "" {
		u.CertData = base64.StdEncoding.EncodeToString([]byte(s.ClientCertificateData))
		u.KeyData = base64.StdEncoding.EncodeToString([]byte(s.ClientKeyData))
	}
	return nil
}
