package layout

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
	"coffer/appliance/beneath/beneathtest"
)

// mend runs the command that a remedy names.
func mend(t *testing.T, err error) {
	t.Helper()
	refused, ok := errors.AsType[*beneath.Refused](err)
	if !ok {
		t.Fatalf("nothing is refused: %v", err)
	}
	if out, err := exec.Command("sh", "-c", refused.Command()).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v %s", refused.Command(), err, out)
	}
}

// TestPlantsInEveryRow: what is planted in the place of any row is not opened,
// followed or changed. Where no byte can be lost it is removed; elsewhere the
// start is refused with a command, and that very command mends it.
func TestPlantsInEveryRow(t *testing.T) {
	asRoot(t)
	o := testOptions(t, 1000)
	_, err := Enforce(t.Context(), o)
	must(t, err)
	record := place{name: recordName, file: true}
	for base, rows := range map[string][]place{o.Data: append(dataPlaces(o.Roles), record), o.Run: runPlaces(o.Roles)} {
		for _, row := range rows {
			if row.name == "." {
				continue // where DATA and RUN are is the owner's choice
			}
			path := filepath.Join(base, row.name)
			for _, kind := range beneathtest.Kinds() {
				t.Run(filepath.Base(base)+"/"+row.name+" "+kind.Name, func(t *testing.T) {
					victim := beneathtest.New(t)
					victim.Plant(kind, path)
					_, err := Enforce(t.Context(), o)
					if row.fleeting && !kind.File {
						must(t, err)
						victim.Gone(path)
						victim.Untouched()
						return
					}
					var problems Problems
					if !errors.As(err, &problems) || len(problems) != 1 {
						t.Fatalf("%v", err)
					}
					p := problems[0]
					refused, ok := errors.AsType[*beneath.Refused](p)
					if p.Path != path || !strings.Contains(p.What, kind.What) || !ok || !strings.Contains(p.Remedy, refused.Command()) {
						t.Errorf("%v", p)
					}
					if _, differences, err := Inspect(o); err != nil || row.name != recordName && !strings.Contains(strings.Join(differences, "\n"), path+" is "+kind.What) {
						t.Errorf("a look finds %q, %v", differences, err)
					}
					victim.Stands(path)
					victim.Untouched()
					mend(t, p)
					_, err = Enforce(t.Context(), o)
					must(t, err)
					victim.Gone(path)
					if copied := kind.File && row.file; copied {
						must(t, os.Remove(path))
					} else {
						victim.Untouched()
						must(t, os.Remove(path+".aside"))
					}
					_, err = Enforce(t.Context(), o)
					must(t, err)
				})
			}
		}
	}
}

func TestOtherKindsAreRefused(t *testing.T) {
	asRoot(t)
	for name, row := range map[string]struct {
		place string
		plant func(path string) error
		words string
	}{
		"a link to nothing":   {"blobs", func(p string) error { return os.Symlink("/nonexistent", p) }, "a symbolic link"},
		"a file for a folder": {"secrets", func(p string) error { return os.WriteFile(p, nil, 0o600) }, "a file"},
		"a folder for a file": {"service-token", func(p string) error { return os.Mkdir(p, 0o700) }, "a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			o := testOptions(t, 1000)
			path := filepath.Join(o.Data, row.place)
			must(t, os.MkdirAll(o.Data, 0o755), row.plant(path))
			before := show(t, path)
			_, err := Enforce(t.Context(), o)
			var problems Problems
			if !errors.As(err, &problems) || len(problems) != 1 {
				t.Fatalf("%v", err)
			}
			if p := problems[0]; p.Path != path || !strings.Contains(p.What, row.words) {
				t.Errorf("%v", p)
			}
			if got := show(t, path); got != before {
				t.Errorf("it was changed from %s to %s", before, got)
			}
			mend(t, problems[0])
			_, err = Enforce(t.Context(), o)
			must(t, err)
		})
	}
}

// A planted thing is named once, whatever else of the table it stands in the
// way of, and all of them at once.
func TestEveryPlantIsTold(t *testing.T) {
	asRoot(t)
	o := testOptions(t, 1000)
	must(t, os.MkdirAll(o.Data, 0o755), os.Symlink("/nonexistent", o.Data+"/secrets"), unix.Mkfifo(o.Data+"/logs", 0o600), os.Symlink("/nonexistent", o.Data+"/config"))
	_, err := Enforce(t.Context(), o)
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Errorf("%v", err)
	}
	for _, words := range []string{
		"mv -n " + o.Data + "/logs " + o.Data + "/logs.aside", "-v VOLUME:" + o.Data + " IMAGE", "mount that at " + o.Data + "/secrets",
	} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("it does not say %q:\n%v", words, err)
		}
	}
}
