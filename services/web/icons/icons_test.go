// Package icons holds the box's pictures: the set that pages use, the mark,
// and the app's icon. The icon's bitmaps are drawn here from the same figures
// as icon.svg, for the places that take no SVG.
package icons

import (
	"bytes"
	"encoding/binary"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the bitmaps")

func TestBitmapsAreDrawnFromTheFigures(t *testing.T) {
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{"icon-192.png", encode(t, draw(192, 7))},
		{"icon-512.png", encode(t, draw(512, 0))}, // maskable: the system rounds it
		{"favicon.ico", ico(encode(t, draw(32, 7)))},
	} {
		if *update {
			if err := os.WriteFile(f.name, f.content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, f.content) {
			t.Errorf("%s is not what the figures draw; go test ./services/web/icons -update", f.name)
		}
	}
}

// draw paints the icon, 32 units wide, at size pixels; radius is of its
// corners in units.
func draw(size int, radius float64) image.Image {
	ground, box, dial := color.NRGBA{0x1b, 0x1e, 0x22, 255}, color.NRGBA{0xf0, 0xe9, 0xda, 255}, color.NRGBA{0xd9, 0xae, 0x52, 255}
	const stroke = 0.9 // half the width of a line
	const samples = 4
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for py := range size {
		for px := range size {
			var r, g, b, a float64
			for s := range samples * samples {
				x := (float64(px) + (float64(s%samples)+0.5)/samples) * 32 / float64(size)
				y := (float64(py) + (float64(s/samples)+0.5)/samples) * 32 / float64(size)
				var c color.NRGBA
				switch {
				case rounded(x, y, 16, 16, 16, 16, radius) > 0:
					continue
				case near(x, y, 16, 10.7, 16, 12.7) < stroke, near(x, y, 16, 18.3, 16, 20.3) < stroke,
					near(x, y, 11.2, 15.5, 13.2, 15.5) < stroke, near(x, y, 18.8, 15.5, 20.8, 15.5) < stroke,
					math.Abs(math.Hypot(x-16, y-15.5)-4.8) < stroke, math.Hypot(x-16, y-15.5) < 1.3:
					c = dial
				case math.Abs(rounded(x, y, 16, 15.5, 10, 8.5, 2.5)) < stroke,
					near(x, y, 9.5, 24, 9.5, 26) < stroke, near(x, y, 22.5, 24, 22.5, 26) < stroke:
					c = box
				default:
					c = ground
				}
				r, g, b, a = r+float64(c.R), g+float64(c.G), b+float64(c.B), a+1
			}
			if a > 0 {
				img.SetNRGBA(px, py, color.NRGBA{uint8(r / a), uint8(g / a), uint8(b / a), uint8(255 * a / (samples * samples))})
			}
		}
	}
	return img
}

// rounded is the distance to a rectangle with round corners, negative inside.
func rounded(x, y, cx, cy, halfWidth, halfHeight, radius float64) float64 {
	dx, dy := math.Abs(x-cx)-halfWidth+radius, math.Abs(y-cy)-halfHeight+radius
	return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius
}

// near is the distance to a line with round ends.
func near(x, y, x1, y1, x2, y2 float64) float64 {
	t := ((x-x1)*(x2-x1) + (y-y1)*(y2-y1)) / ((x2-x1)*(x2-x1) + (y2-y1)*(y2-y1))
	t = min(max(t, 0), 1)
	return math.Hypot(x-x1-t*(x2-x1), y-y1-t*(y2-y1))
}

func encode(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ico wraps one PNG of 32 pixels.
func ico(img []byte) []byte {
	var b bytes.Buffer
	for _, v := range []any{
		[3]uint16{0, 1, 1}, [4]uint8{32, 32, 0, 0}, [2]uint16{1, 32}, [2]uint32{uint32(len(img)), 22},
	} {
		_ = binary.Write(&b, binary.LittleEndian, v) // to memory: cannot fail
	}
	b.Write(img)
	return b.Bytes()
}
