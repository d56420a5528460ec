package manifests

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"
)

// decode reads an object as the API server does with strict validation: unknown and repeated fields are errors.
func decode(t *testing.T, text []byte) runtime.Object {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, batchv1.AddToScheme, appsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		t.Fatal(err)
	}
	object, _, err := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer().Decode(raw, nil, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return object
}

// TestKubernetes reads the golden files, which cluster/launch/kubernetes holds to what is rendered.
func TestKubernetes(t *testing.T) {
	files, err := filepath.Glob("../../cluster/launch/kubernetes/testdata/*.golden.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("golden files: %v, %v", files, err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			pods := 0
			for _, text := range bytes.Split(raw, []byte("\n---\n"))[1:] {
				switch o := decode(t, text).(type) {
				case *batchv1.Job:
					checkPod(t, &o.Spec.Template)
					pods++
				case *batchv1.CronJob:
					checkPod(t, &o.Spec.JobTemplate.Spec.Template)
					pods++
				case *appsv1.StatefulSet:
					checkPod(t, &o.Spec.Template)
				}
			}
			if pods < 2 {
				t.Errorf("%d Jobs, expected a feeder's and the workers'", pods)
			}
		})
	}
}

// checkPod: what every pod of ours must have, read by Kubernetes' types and not by ours; and mounts that have a volume.
func checkPod(t *testing.T, p *corev1.PodTemplateSpec) {
	t.Helper()
	s := p.Spec
	security := s.SecurityContext
	if s.AutomountServiceAccountToken == nil || *s.AutomountServiceAccountToken || s.EnableServiceLinks == nil || *s.EnableServiceLinks {
		t.Error("a pod gets a token or service links")
	}
	if security == nil || security.RunAsNonRoot == nil || !*security.RunAsNonRoot || security.RunAsUser == nil || *security.RunAsUser == 0 {
		t.Errorf("a pod may run as root: %+v", security)
	}
	volumes := map[string]bool{}
	for _, v := range s.Volumes {
		volumes[v.Name] = true
		if v.Secret != nil && (v.Secret.DefaultMode == nil || *v.Secret.DefaultMode&0o007 != 0) {
			t.Errorf("everybody can read Secret %s", v.Secret.SecretName)
		}
	}
	for _, c := range s.Containers {
		if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem ||
			*c.SecurityContext.AllowPrivilegeEscalation || len(c.SecurityContext.Capabilities.Drop) == 0 {
			t.Errorf("container %s: %+v", c.Name, c.SecurityContext)
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] && m.Name != "data" { // a StatefulSet's may come from a claim
				t.Errorf("container %s mounts %s, which is no volume", c.Name, m.Name)
			}
		}
	}
}
