package bootstrap

import "runtime/debug"

// version names this build: the module's version or, between releases, the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
		if commit := settings["vcs.revision"]; len(commit) >= 12 {
			v += "-" + commit[:12]
			if settings["vcs.modified"] == "true" {
				v += "-modified"
			}
		}
	}
	return v
}
