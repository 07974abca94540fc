package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// try runs the program in this process and gives its status and output.
func try(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// inFolder makes a temporary folder with a configuration file the working one.
func inFolder(t *testing.T, config string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile(configFile, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A flag wins over the environment, which wins over the file: seen by which
// wrong value is complained about.
func TestPrecedenceOfSettings(t *testing.T) {
	inFolder(t, "rate-limit: from-file\nlisten: 127.0.0.1:0\n")
	if _, _, stderr := try(t, "serve"); !strings.Contains(stderr, "from-file") {
		t.Errorf("file alone: %s", stderr)
	}
	t.Setenv("RICOCHET_RATE_LIMIT", "from-env")
	if _, _, stderr := try(t, "serve"); !strings.Contains(stderr, "from-env") {
		t.Errorf("environment over file: %s", stderr)
	}
	if _, _, stderr := try(t, "serve", "--rate-limit", "from-flag"); !strings.Contains(stderr, "from-flag") {
		t.Errorf("flag over both: %s", stderr)
	}
}

func TestWrongConfigurationNamesItsLine(t *testing.T) {
	for _, c := range []struct{ name, config, want string }{
		{"unknown key", "listen: 127.0.0.1:0\nlisen: x\n", "ricochet.yaml:2: unknown setting \"lisen\""},
		{"wrong value", "# comment\nattachment-mib: many\n", "ricochet.yaml:2: --attachment-mib"},
		{"mail nobody could send", "listen: 127.0.0.1:0\nmail-from: nobody\n", "ricochet.yaml:2: --mail-from"},
		{"no address", "base-url: help.example.com\n", "ricochet.yaml:1: --base-url"},
		{"no network", "data: x\ntrusted-proxies: [10.0.0.0/8, proxy]\n", "ricochet.yaml:2: --trusted-proxies \"proxy\""},
		{"no share", "holdout: 5\n", "ricochet.yaml:1: --holdout 5: want a share from 0 to 0.9\n"},
		{"less than nothing", "attachment-mib: -1\n", "ricochet.yaml:1: --attachment-mib"},
		{"no mail server", "smtp: smtp://mail.example:99999\n", "ricochet.yaml:1: --smtp"},
		{"not a choice", "log-level: loud\n", "ricochet.yaml:1: --log-level"},
		{"nested", "listen:\n  address: x\n", "ricochet.yaml:1: listen: want a single value"},
		{"a list at the top", "- a\n", "ricochet.yaml:1: want lines of the form"},
		{"not YAML", "listen: [\n", "ricochet.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inFolder(t, c.config)
			if status, _, stderr := try(t, "serve"); status != 1 || !strings.Contains(stderr, c.want) {
				t.Errorf("status %d, want 1 and %q:\n%s", status, c.want, stderr)
			}
			if _, err := os.Stat("data"); err == nil {
				t.Error("a data folder was made although the configuration is wrong")
			}
		})
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	path := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(path, []byte("mysql://wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("RICOCHET_DATABASE_FILE", path)
	status, _, stderr := try(t, "serve", "--listen", "127.0.0.1:0")
	if status != 1 || !strings.Contains(stderr, "postgres://user:password@host/name") || strings.Contains(stderr, "mysql") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Chdir(t.TempDir())
	if status, stdout, _ := try(t, "serve", "--help"); status != 0 || !strings.Contains(stdout, "--trusted-proxies") {
		t.Errorf("help: %d, %s", status, stdout)
	}
	if status, stdout, stderr := try(t, "version"); status != 0 || !strings.HasPrefix(stdout, "ricochet ") {
		t.Errorf("version: %d, %s%s", status, stdout, stderr)
	}
	if status, _, stderr := try(t, "serve", "--nonsense"); status != 1 || !strings.Contains(stderr, "--nonsense") {
		t.Errorf("unknown flag: %d, %s", status, stderr)
	}
}

// A wrong flag is not blamed on the file that has a right value for it.
func TestWrongFlagIsNotBlamedOnTheFile(t *testing.T) {
	inFolder(t, "rate-limit: 60\ndata: x\n")
	if _, _, stderr := try(t, "serve", "--rate-limit", "many"); !strings.Contains(stderr, "many") || strings.Contains(stderr, configFile) {
		t.Error(stderr)
	}
}

// A data folder belongs to one server: a second one says so and ends, instead
// of waiting for it for ever.
func TestSecondServerOnTheSameDataIsRefused(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data)
	if status, _, stderr := try(t, "serve", "--data", data, "--listen", "127.0.0.1:0"); status != 1 || !strings.Contains(stderr, "another process") {
		t.Errorf("status %d:\n%s", status, stderr)
	}
	if p := s.visitor().get("/fr/search?q=vps"); p.status != 200 {
		t.Errorf("the first server: status %d", p.status)
	}
}
