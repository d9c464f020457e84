package diagnostics

import (
	"encoding/base64"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// said are the sentences in the source of the box, English and German, with
// something in the place of each verb of a format.
func said(t *testing.T) (all []string) {
	t.Helper()
	verbs := strings.NewReplacer("%w", "exit status 1", "%v", "7", "%d", "7", "%s", "nginx", "%q", `"nginx"`, "%04o", "0600", "%x", "7", "%%", "%")
	verb := regexp.MustCompile(`%[-+#0-9.]*[a-zA-Z]`)
	for _, root := range []string{"../../appliance", "../../services", "../../entrypoint", "../../config"} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../../services/diagnostics") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Field:
					return n.Tag == nil // what it says is for the description of the API
				case *ast.BasicLit:
					s, err := strconv.Unquote(n.Value)
					if err == nil && n.Kind == token.STRING && strings.Count(s, " ") >= 2 && !strings.Contains(s, "\n") {
						all = append(all, verb.ReplaceAllString(verbs.Replace(strings.TrimSpace(s)), "7"))
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// What the box says of itself stays as it is, but for a sentence in many that
// tells how a secret is written.
func TestTheBoxStaysReadable(t *testing.T) {
	s := NewShapes()
	all := said(t)
	if len(all) < 2000 {
		t.Errorf("%d sentences were found", len(all))
	}
	var torn []string
	for _, text := range all {
		line := `msg="` + text + `" took=3s`
		clean, _, err := s.Clean(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if clean != line {
			torn = append(torn, line+"\n"+clean)
		}
	}
	if len(torn) > len(all)/200 {
		t.Errorf("%d of %d are torn:\n%s", len(torn), len(all), strings.Join(torn, "\n"))
	}
}

// A PEM block that does not end takes no more with it than is of it.
func TestOpenPEMBlocks(t *testing.T) {
	s := NewShapes()
	begin, body := "-----BEGIN PRIVATE "+"KEY-----", base64.StdEncoding.EncodeToString([]byte(drawnText(90)))
	mark := placeholder("pem")
	for text, want := range map[string]string{
		`msg="no key (` + begin + `)" took=3s` + "\nnext line":                             `msg="no key (` + mark + `)" took=3s` + "\nnext line",
		begin + "\n" + body[:64] + "\n" + body[64:] + "\nabcd\nit goes on\nand on\nand on": mark + "\n\n\n\nit goes on\nand on\nand on",
		begin + "\n" + body[:64] + "\nit goes on\n" + body[64:] + "\nand on":               mark + "\n\n\n\nand on",
		`"` + begin + `\n` + body[:64] + `\n` + body[64:] + "\nand on":                     `"` + mark + "\nand on",
	} {
		if clean, _, err := s.Clean(text); err != nil || clean != want {
			t.Errorf("%q becomes %q, not %q, %v", text, clean, want, err)
		}
	}
}
