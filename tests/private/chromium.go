package private

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

const chromiumVariable = "TEST_CHROMIUM"

// Chromium returns the program of a Chromium or Chrome browser, or TEST_CHROMIUM if that is set. Where there is none it
// ends the test as [Need] does. Whoever starts the browser as root has to turn its sandbox off.
func Chromium(tb testing.TB) string {
	tb.Helper()
	if given := os.Getenv(chromiumVariable); given != "" {
		return given
	}
	program, err := findChromium(chromiumNames())
	Need(tb, err)
	return program
}

// chromiumNames are what packages call the browser, and where macOS puts it.
func chromiumNames() []string {
	return []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	}
}

func findChromium(names []string) (string, error) {
	if os.Getenv(noServersVariable) == "1" {
		return "", pretended(chromiumVariable)
	}
	for _, name := range names {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf("%w: Chromium was not found; install it (apt-get install chromium, brew install chromium) or set %s",
		ErrMissing, chromiumVariable)
}
