package extract_test

import (
	"os"
	"path/filepath"
	"testing"
)

// Archives that people made: names in Japanese and Chinese code pages are read,
// and nothing of an ordinary archive is left out.
func TestRealArchives(t *testing.T) {
	corpus := os.Getenv("COFFER_CORPUS")
	if corpus == "" {
		t.Skip("COFFER_CORPUS is not set")
	}
	limits := small()
	limits.File, limits.Total, limits.Nested, limits.RatioFrom = 64<<20, 256<<20, 64<<20, 16<<20
	for name, want := range map[string]string{
		"testZipEntryNameCharsetShiftSJIS.zip": "文章1.txt",
		"gbk.zip":                              "审计压缩包文件检索测试/集团邮件审计系统2021年自动巡检需求文档_V4.0.doc",
		"test-documents.tgz":                   "test-documents/testTXT.txt",
	} {
		archive, err := os.ReadFile(filepath.Join(corpus, "documents", name))
		check(t, err)
		got := walk(t, name, archive, limits)
		if _, ok := got.files[want]; !ok || got.err != nil {
			for name := range got.files {
				t.Logf("has %q", name)
			}
			t.Errorf("%s: %v, left %v", name, got.err, got.left)
		}
	}
}
