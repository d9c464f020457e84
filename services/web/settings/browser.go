package settings

import (
	"fmt"
	"strings"

	"coffer/services/web/words"
)

// Browser names a browser by what it says of itself; programs are shown as
// they are.
func Browser(w *words.Words, agent string) string {
	agent = strings.TrimSpace(agent)
	name, system := "", ""
	// Order matters: most browsers claim to be several.
	for _, b := range []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"},
		{"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if name == "" && strings.Contains(agent, b.mark) {
			name = b.name
		}
	}
	for _, s := range []struct{ mark, name string }{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"},
		{"Mac OS X", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	} {
		if system == "" && strings.Contains(agent, s.mark) {
			system = s.name
		}
	}
	switch {
	case name != "" && system != "":
		return fmt.Sprintf(w.Settings.BrowserOn, name, system)
	case name != "":
		return name
	case agent != "":
		short, _, _ := strings.Cut(agent, " ")
		return short
	}
	return w.Settings.UnknownBrowser
}
