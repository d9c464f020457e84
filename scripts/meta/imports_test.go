package meta

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// list asks the go command about every package of the module.
func list(t *testing.T) []Package {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []Package
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImports(t *testing.T) {
	packages := list(t)
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages", len(packages))
	}
	for _, fault := range CheckImports(packages) {
		t.Error(fault)
	}
}

// Each row of each table must be able to fail, and must say why when it does.
func TestEachRoomCanFail(t *testing.T) {
	for _, r := range rooms() {
		foreign := module + "services/worker/stray"
		if r.path == "services/worker" || r.path == "entrypoint" {
			foreign = module + "scripts/stray"
		}
		wantFault(t, r.path, r.why, Package{ImportPath: module + r.path + "/x", Imports: []string{foreign}})
		own := Package{ImportPath: module + r.path + "/x", Imports: []string{module + r.path + "/y"}}
		for _, m := range r.may {
			own.Imports = append(own.Imports, module+m)
		}
		wantClean(t, r.path, own)
	}
	wantFault(t, "no room", "no room", Package{ImportPath: module + "elsewhere"})
}

func TestEachVendorCanFail(t *testing.T) {
	for _, v := range vendors() {
		wantFault(t, v.path, v.why, Package{ImportPath: module + "services/library", Imports: []string{v.path}})
		for _, o := range v.only {
			wantClean(t, v.path, Package{ImportPath: module + o, Imports: []string{v.path}})
		}
	}
}

func TestEachClosureCanFail(t *testing.T) {
	for _, c := range closures() {
		for _, b := range c.bans {
			wantFault(t, c.path, c.why, Package{ImportPath: module + c.path + "/x", Deps: []string{b}})
		}
		wantClean(t, c.path, Package{ImportPath: module + c.path + "/x", Deps: []string{"io"}})
	}
}

func wantFault(t *testing.T, row, why string, p Package) {
	t.Helper()
	if got := strings.Join(CheckImports([]Package{p}), "\n"); !strings.Contains(got, why) {
		t.Errorf("row %s lets %+v pass, or hides its reason: %q", row, p, got)
	}
}

func wantClean(t *testing.T, row string, p Package) {
	t.Helper()
	if got := CheckImports([]Package{p}); len(got) > 0 {
		t.Errorf("row %s forbids what it allows: %q", row, got)
	}
}
