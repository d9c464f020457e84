package extract_test

import (
	"archive/zip"
	"bytes"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Names in the code page of whoever made the archive are read, the same way each
// time, also when there is little of them to guess by.
func TestForeignNames(t *testing.T) {
	for name, page := range map[string]encoding.Encoding{
		"文章1.txt":         japanese.ShiftJIS,
		"ひらがなとカタカナ.txt":   japanese.ShiftJIS,
		"审计压缩包文件.txt":     simplifiedchinese.GBK,
		"压缩.txt":          simplifiedchinese.GBK,
		"Report 审计.txt":   simplifiedchinese.GBK,
		"Grüße aus Köln":  charmap.CodePage437,
		"résumé été.docx": charmap.CodePage437,
	} {
		foreign, err := page.NewEncoder().String(name)
		check(t, err)
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		_, err = w.CreateHeader(&zip.FileHeader{Name: foreign, NonUTF8: true})
		check(t, err)
		check(t, w.Close())
		for range 20 {
			got := walk(t, "a.zip", b.Bytes(), small())
			if _, ok := got.files[name]; !ok || got.err != nil {
				t.Errorf("%s by %v: %v %q", name, page, got.err, got.files)
				break
			}
		}
	}
}
