package wire

// Limits of the conversation. A peer that exceeds one is not listened to any
// longer. Units are bytes unless the name says otherwise.
const (
	// MaxDocument is the largest document that is sent. A child holds the
	// document in memory, so this bounds a child together with its own needs.
	MaxDocument = 256 << 20
	// MaxChunk is the payload of one Data frame: a pipe's usual capacity.
	MaxChunk = 64 << 10
	// MaxPassage is the text of one Passage frame. Passages are cut at about
	// 1500; the room above is for multi-byte text at the cut.
	MaxPassage = 4 << 10
	// MaxPassages and MaxText bound what one document may yield: about
	// fifteen books of a thousand pages, and what a reader keeps in memory
	// until it hands the text on. MaxPassages is a count.
	MaxPassages = 200_000
	MaxText     = 32 << 20
	// MaxPages bounds a page number; it is a count.
	MaxPages = 1_000_000

	// MaxMembers is the most members, taken and left out, of one archive over all
	// levels; a count.
	MaxMembers = 50_000
	// MaxWant is the most of an archive that is asked for at a time.
	MaxWant = 1 << 20
	// MaxPath is the path of a member. The front of a longer one is cut.
	MaxPath = 2 << 10

	maxFileName = 1 << 10
	maxTitle    = 1 << 10
	maxMessage  = 1 << 10
	maxCode     = 64
	// maxControl is the payload of a frame that carries JSON. JSON spends up
	// to six bytes on one byte of a name.
	maxControl = 16 << 10
)
