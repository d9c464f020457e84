package meta

import "testing"

func TestPromisesCanFail(t *testing.T) {
	test := File{"a/b/b_test.go", "package b\n\nfunc TestIt(t *testing.T) {}\n"}
	for name, c := range map[string]struct {
		text   string
		faults int
	}{
		"kept":               {"# Title\n\n- It holds, as is\n  seen. `a/b.TestIt`\n\nOther text.\n", 0},
		"no test":            {"- It holds.\n", 1},
		"one of two is gone": {"- It holds. `a/b.TestIt` `a/b.TestGone`\n", 1},
		"another folder":     {"- It holds. `a.TestIt`\n", 1},
		"named after it":     {"- It holds.\n\n`a/b.TestIt`\n", 1},
		"nothing":            {"It holds.\n", 1},
	} {
		files := []File{test, {"SECURITY.md", "- `a/b.TestIt`\n"}, {"docs/hardening.md", c.text}}
		if faults := CheckPromises(files); len(faults) != c.faults {
			t.Errorf("%s: %q", name, faults)
		}
	}
}
