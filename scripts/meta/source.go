package meta

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// File is one tracked file.
type File struct {
	Path string
	Text string
}

// environment lists who may read the process environment: it is read once and
// passed on as values.
func environment() []string {
	return []string{"config", "entrypoint", "scripts"}
}

// CheckSource returns one line for each Go file, tests left out, that runs code
// on import, keeps state in a package variable, or reads the environment where
// configuration should have been handed in.
func CheckSource(files []File) []string {
	var faults []string
	packages := map[string][]*ast.File{}
	set := token.NewFileSet()
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".go") || strings.HasSuffix(f.Path, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(set, f.Path, f.Text, parser.ParseComments)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		packages[path.Dir(f.Path)] = append(packages[path.Dir(f.Path)], parsed)
	}
	for dir, parsed := range packages {
		faults = append(faults, checkState(set, parsed)...)
		faults = append(faults, checkDoc(dir, parsed)...)
		if !withinAny(dir, environment()) {
			faults = append(faults, checkEnvironment(set, parsed)...)
		}
	}
	slices.Sort(faults)
	return faults
}

// checkState looks for init functions and for package variables that are
// assigned, have their address taken, or start empty so that they must be.
func checkState(set *token.FileSet, files []*ast.File) []string {
	var faults []string
	variables := map[string]bool{}
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				faults = append(faults, fmt.Sprintf("%s: init runs on import; call a constructor", set.Position(fn.Pos())))
			}
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, s := range gen.Specs {
				v := s.(*ast.ValueSpec)
				for _, name := range v.Names {
					variables[name.Name] = name.Name != "_"
					if len(v.Values) == 0 && !embedded(gen, v) && name.Name != "version" {
						faults = append(faults, fmt.Sprintf("%s: package variable %s starts empty, so something must change it",
							set.Position(name.Pos()), name.Name))
					}
				}
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			for _, target := range targets(n) {
				if id := rootOf(target); id != nil && variables[id.Name] && !local(f, id) {
					faults = append(faults, fmt.Sprintf("%s: package variable %s is changed; hand the value in",
						set.Position(id.Pos()), id.Name))
				}
			}
			return true
		})
	}
	return faults
}

// embedded reports a go:embed directive or a -ldflags -X target, whose values
// come from the build.
func embedded(gen *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{gen.Doc, v.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
			return strings.HasPrefix(c.Text, "//go:embed ")
		}) {
			return true
		}
	}
	return false
}

// targets are the expressions that a node changes or lets others change.
func targets(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			if _, literal := n.X.(*ast.CompositeLit); !literal {
				return []ast.Expr{n.X}
			}
		}
	}
	return nil
}

func rootOf(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.IndexExpr:
		return rootOf(e.X)
	case *ast.SelectorExpr:
		return rootOf(e.X)
	case *ast.StarExpr:
		return rootOf(e.X)
	case *ast.ParenExpr:
		return rootOf(e.X)
	}
	return nil
}

// local reports that the identifier was declared inside a function. The parser
// resolves names within a file; a name it cannot resolve is another file's.
func local(f *ast.File, id *ast.Ident) bool {
	return id.Obj != nil && id.Obj != f.Scope.Lookup(id.Name)
}

func checkDoc(dir string, files []*ast.File) []string {
	var doc string
	for _, f := range files {
		if f.Doc != nil {
			doc += f.Doc.Text()
		}
	}
	if words := len(strings.Fields(doc)); words < 10 {
		return []string{fmt.Sprintf("%s: its package comment has %d words; say what it owns and what it refuses", dir, words)}
	}
	return nil
}

func checkEnvironment(set *token.FileSet, files []*ast.File) []string {
	reads := regexp.MustCompile(`^(Getenv|LookupEnv|Environ|ExpandEnv)$`)
	var faults []string
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "os" && reads.MatchString(s.Sel.Name) {
				faults = append(faults, fmt.Sprintf("%s: the environment is read in config; take an option instead", set.Position(s.Pos())))
			}
			return true
		})
	}
	return faults
}
