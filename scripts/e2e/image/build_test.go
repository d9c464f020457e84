package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// The image is small and says what it is.
func TestImage(t *testing.T) {
	tier.Need(t, tier.Image)
	save := exec.Command("docker", "save", tag)
	out, err := save.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := save.Start(); err != nil {
		t.Fatal(err)
	}
	var size counter
	z := gzip.NewWriter(&size)
	if _, err := io.Copy(z, out); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Close(), save.Wait()); err != nil {
		t.Fatal(err)
	}
	t.Logf("the image has %.1f MB compressed", float64(size)/1e6)
	if size > 60e6 {
		t.Errorf("the image has %d bytes compressed, the budget is 60 MB", size)
	}
	config := docker(t, "inspect", "-f", `{{json .Config.Entrypoint}} {{json .Config.Healthcheck.Test}} {{json .Config.Volumes}} {{json .Config.ExposedPorts}} {{.Config.User}}`, tag)
	want := `["/usr/bin/coffer","init"] ["CMD","/usr/bin/coffer","healthcheck"] {"/data":{}} {"8080/tcp":{},"8443/tcp":{}}`
	if config != want {
		t.Errorf("the image is configured as\n%s\nwant\n%s", config, want)
	}
	labels := docker(t, "inspect", "-f", "{{json .Config.Labels}}", tag)
	for _, label := range []string{"title", "description", "licenses", "version"} {
		if !strings.Contains(labels, "org.opencontainers.image."+label) {
			t.Errorf("the image has no label %s: %s", label, labels)
		}
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// The image for arm64 is built here and cannot be run here: its programs are
// for that processor, and every library they ask for lies in it.
func TestARM64(t *testing.T) {
	tier.Need(t, tier.Image)
	root, err := box.Root()
	if err != nil {
		t.Fatal(err)
	}
	const name = tag + "-arm64"
	if out, err := exec.Command(filepath.Join(root, "scripts/image.sh"), name, "arm64").CombinedOutput(); err != nil {
		t.Fatalf("the image for arm64 does not build: %v\n%s", err, box.Trim(string(out)))
	}
	if got := docker(t, "inspect", "-f", "{{.Os}}/{{.Architecture}}", name); got != "linux/arm64" {
		t.Errorf("the image is for %s", got)
	}
	id := docker(t, "create", "--platform", "linux/arm64", name)
	defer func() { _, _ = try("rm", "-fv", id) }()
	programs, files := export(t, id, "usr/bin/coffer", "usr/sbin/nginx")
	for name, body := range programs {
		f, err := elf.NewFile(bytes.NewReader(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.Machine != elf.EM_AARCH64 {
			t.Errorf("%s is for %s, want arm64", name, f.Machine)
		}
		libraries, err := f.ImportedLibraries()
		if err != nil {
			t.Error(err)
		}
		if name == "usr/bin/coffer" && len(libraries) > 0 {
			t.Errorf("%s needs %v, want nothing", name, libraries)
		}
		for _, l := range libraries {
			if !files[l] {
				t.Errorf("%s needs %s, which the image does not have", name, l)
			}
		}
	}
}

// export returns the wanted files of a container and the base names of all.
func export(t *testing.T, id string, wanted ...string) (map[string][]byte, map[string]bool) {
	t.Helper()
	cmd := exec.Command("docker", "export", id)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found, names := map[string][]byte{}, map[string]bool{}
	for r := tar.NewReader(out); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names[path.Base(h.Name)] = true
		for _, w := range wanted {
			if h.Name == w {
				if found[w], err = io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(found) != len(wanted) {
		t.Fatalf("the image lacks one of %v", wanted)
	}
	return found, names
}
