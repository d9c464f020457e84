package web

import (
	"fmt"
	"strings"
	"time"

	"coffer/services/library"
)

// What a household puts into a box, for tests and pictures.

const lease = `Rental agreement for the flat in Lindenstrasse 14

The landlord lets the flat on the second floor, left, with three rooms, kitchen, bath and cellar. The rent is 940 euros a month, payable by the third working day.


Notice period

Either side may end the agreement with a notice period of three months to the end of a month. Notice is given in writing. For the tenant the notice period stays three months however long the agreement lasts.


Deposit

The tenant pays a deposit of two months' rent. It is kept apart from the landlord's own money and returned with interest within six months of the end of the agreement.


Repairs

Small repairs up to 80 euros each are the tenant's. Everything else, above all heating, roof and pipes, is the landlord's.`

const notes = `# Garden, spring

Plant the early potatoes in the last week of March. Tomatoes go out after the middle of May, never before.

The water butt leaks at the tap. Order a new seal, 32 mm.`

const recipe = `Grandmother's plum cake

500 g flour, 250 ml lukewarm milk, 80 g butter, 80 g sugar, one cube of yeast, 1.5 kg plums. Let the dough rise for an hour. Halve the plums, set them upright in rows, bake for forty minutes at 180 degrees.`

// manual is a paged text of n pages.
func manual(n int) string {
	parts := []string{
		"The heat pump draws its heat from the outside air and gives it to the water of the heating system. It works down to minus twenty degrees, with the immersion heater in reserve.",
		"Check the pressure of the heating system once a month. It stands between 1.2 and 1.8 bar when the system is cold. Below that, refill as described in the chapter on water.",
		"The defrost cycle begins by itself when ice forms on the evaporator. Steam rises for a few minutes. This is not a fault.",
		"Clean the filter at the return of the heating system before each winter. Close both valves, unscrew the cap, and rinse the sieve under running water.",
		"The controller keeps a heating curve. A flat curve saves energy; a steep one makes the rooms warm sooner. Change it by two tenths at most and wait a day.",
		"In case of fault F24 the flow is too small. Open all radiator valves, bleed the system, and reset the controller. If the fault returns, call the service.",
		"The compressor runs at a speed that follows the demand. At night the noise limit holds it at sixty per cent between 22 and 6 o'clock.",
	}
	var pages []string
	for i := range n {
		pages = append(pages, fmt.Sprintf("Chapter %d, section %d\n\n%s\n\n%s\n\n%s", i/12+1, i%12+1,
			parts[i%7], parts[(i*3+2)%7], parts[(i*5+4)%7]))
	}
	return strings.Join(pages, "\f")
}

// furnish fills the box.
func (b *box) furnish() (long library.Source) {
	b.put("plum-cake.txt", recipe)
	b.put("garden-spring.md", notes)
	long = b.put("Heat pump LW-9 operating manual.pdf", manual(236))
	b.put("Lease Lindenstrasse 14.txt", lease)
	b.put("bank-statement-2025-11.pdf", "broken encrypted The document is locked with a password. Save a copy without the password and add that.")
	b.put("Letter from the insurance.txt", "The insurance confirms the change of address. The notice period for the household policy is three months to the end of the insured year.\n\n\nThe premium stays 118 euros a year.")
	_, err := b.lib.Rename(b.t.Context(), long.ID, "Heat pump LW-9, operating manual")
	must(b.t, err)
	return long
}

func (b *box) waiting(name, text string) library.Source {
	s, _, err := b.lib.Add(b.t.Context(), name, strings.NewReader(text))
	must(b.t, err)
	return s
}

const slowly = 150 * time.Millisecond

func libraryFailed() library.SourceFilter { return library.SourceFilter{Status: library.StatusFailed} }

func firstPage() library.Page { return library.Page{Limit: 1} }
