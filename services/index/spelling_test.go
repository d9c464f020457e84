package index

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

func TestDidYouMean(t *testing.T) {
	docs := append(shelf(), document("more", "Salt", "salt salt", "more water here", "some dough", "the weather in the mountains", "the weather at sea", "Müllerstraße"))
	x := holding(t, docs...)
	for _, c := range []struct{ name, query, want string }{
		{"a letter missing", "weathr", "weather"},
		{"a letter too much", "weatherr", "weather"},
		{"a wrong letter", "weathar", "weather"},
		{"two swapped", "waether", "weather"},
		{"two edits", "wether mountans", "weather mountains"},
		{"two edits in one word", "mountens", "mountains"},
		{"a short word", "slat", "salt"},
		{"in a phrase", `"the weathr in"`, `"the weather in"`},
		{"case and sense around stay", `Weathr -sea "the mountains"`, `weather -sea "the mountains"`},
		{"the known word stays", "salt watr", "salt water"},
		{"folded", "mülerstraße", "mullerstrasse"},
		{"only in a title", "marathn", "marathon"},
		{"nothing wrong", "weather", ""},
		{"another form is known", "weathers", ""},
		{"nothing near", "zzyzzyx", ""},
		{"too short to tell", "qx", ""},
		{"a number", "3.15", ""},
		{"excluded", "salt -weathr", ""},
		{"near words that do not meet", "weathr dough rigging", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := search(t, x, library.Query{Text: c.query}).DidYouMean; got != c.want {
				t.Errorf("%q: did you mean %q, want %q; %d found", c.query, got, c.want, search(t, x, library.Query{Text: c.query}).Total)
			}
		})
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"salt", "salt", 0}, {"slat", "salt", 1},
		{"kitten", "sitting", 3}, {"ca", "abc", 3}, {"müller", "muller", 1}, {"abcd", "badc", 2},
	} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%s to %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// misspelt are misspellings of words that the Cranfield abstracts use, of the
// kinds that people make.
const misspelt = `
aerodinamic aerodynamic  airfoyl airfoil  asymetric asymmetric  atmosfere atmosphere  boundry boundary
buckeling buckling  calulated calculated  coeficient coefficient  compresible compressible  conduciton conduction
cylindar cylinder  deflecton deflection  diffrential differential  disipation dissipation  disociation dissociation
eliptic elliptic  enthalphy enthalpy  equillibrium equilibrium  exsperimental experimental  fluter flutter
frequancy frequency  gradiant gradient  hipersonic hypersonic  homogenous homogeneous  incompressable incompressible
instabilty instability  interferance interference  laminer laminar  lenght length  lineer linear  magnatic magnetic
measurment measurement  nozle nozzle  numericaly numerically  oscilation oscillation  paramater parameter
perpindicular perpendicular  perturbaton perturbation  preasure pressure  propellor propeller  radiaton radiation
reyonlds reynolds  seperation separation  similiar similar  simultanous simultaneous  slendar slender
stagnaton stagnation  stifness stiffness  supersonnic supersonic  sweepbak sweepback  symetric symmetric
temprature temperature  theoritical theoretical  thermodinamic thermodynamic  thickess thickness  transfrom transform
transision transition  turbulant turbulent  veloctiy velocity  vibraton vibration  viscocity viscosity  vortecies vortices
wavelenght wavelength  weigth weight`

// TestMisspellings measures how often the word that was meant is offered.
func TestMisspellings(t *testing.T) {
	corpus := os.Getenv("COFFER_CORPUS")
	if corpus == "" {
		t.Skip("corpus tier: COFFER_CORPUS is not set")
	}
	x := holding(t, cranfieldDocuments(t, filepath.Join(corpus, "cranfield", "cran.all.1400.xml"))...)
	words := strings.Fields(misspelt)
	right, found, all := 0, 0, 0
	var longest time.Duration
	for i := 0; i < len(words); i += 2 {
		res := search(t, x, library.Query{Text: words[i]})
		longest = max(longest, res.Took)
		if known := search(t, x, library.Query{Text: `"` + words[i+1] + `"`}).Total; known == 0 {
			t.Logf("%s is not in the collection", words[i+1])
			continue
		}
		all++
		switch {
		case res.DidYouMean == words[i+1]:
			right++
		case res.DidYouMean == "" && res.Total > 0: // known, or a form of the right word
			found++
		default:
			t.Logf("%s: %q, not %s", words[i], res.DidYouMean, words[i+1])
		}
	}
	t.Logf("of %d misspellings %d mended, %d found all the same; the slowest in %v", all, right, found, longest.Round(time.Microsecond))
	if (right+found)*10 < all*9 {
		t.Errorf("fewer than nine of ten misspellings come right")
	}
}
