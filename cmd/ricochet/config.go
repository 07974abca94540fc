package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// configFile is read from the working folder when it is there; another one is
// named by RICOCHET_CONFIG. A flag wins over the environment, which wins over
// the file. Its keys are the flags' names.
const configFile = "ricochet.yaml"

// configPath is the configuration file to read, "" for none.
func configPath() (string, error) {
	if path := os.Getenv("RICOCHET_CONFIG"); path != "" {
		return path, nil
	}
	if _, err := os.Stat(configFile); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return configFile, nil
}

// fileResolver answers kong with the values of a YAML file. Wrong keys are
// refused with their line; wrong values are kong's to refuse, and where names
// their line.
type fileResolver struct {
	path   string
	values map[string]string
	lines  map[string]int
	used   map[string]int // lines of the values that nothing overrides
}

func readConfig(path string) (*fileResolver, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return parseConfig(path, data)
}

func parseConfig(path string, data []byte) (*fileResolver, error) {
	r := &fileResolver{path: path, values: map[string]string{}, lines: map[string]int{}, used: map[string]int{}}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, true))
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		pairs, err := mappingPairs(doc.Body)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, doc.Body.GetToken().Position.Line, err)
		}
		for _, p := range pairs {
			key := p.Key.String()
			line := p.Key.GetToken().Position.Line
			text, err := scalarText(p.Value)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %s: %w", path, line, key, err)
			}
			r.values[key], r.lines[key] = text, line
		}
	}
	return r, nil
}

func mappingPairs(n ast.Node) ([]*ast.MappingValueNode, error) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, nil
	}
	return nil, errors.New("want lines of the form listen: 127.0.0.1:8080")
}

// scalarText is a value as a flag would be given; a list becomes commas.
func scalarText(n ast.Node) (string, error) {
	if seq, ok := n.(*ast.SequenceNode); ok {
		parts := make([]string, len(seq.Values))
		for i, v := range seq.Values {
			text, err := scalarText(v)
			if err != nil {
				return "", err
			}
			parts[i] = text
		}
		return strings.Join(parts, ","), nil
	}
	if s, ok := n.(ast.ScalarNode); ok {
		return fmt.Sprint(s.GetValue()), nil
	}
	return "", errors.New("want a single value")
}

// Validate refuses keys that no command knows.
func (r *fileResolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, node := range append([]*kong.Node{app.Node}, app.Children...) {
		for _, f := range node.Flags {
			known[f.Name] = true
		}
	}
	for key, line := range r.lines {
		if !known[key] {
			return fmt.Errorf("%s:%d: unknown setting %q; `ricochet serve --help` lists them", r.path, line, key)
		}
	}
	return nil
}

// Resolve gives the file's value of a flag, unless the environment has one:
// kong would let the file win.
func (r *fileResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil
		}
	}
	if v, ok := r.values[flag.Name]; ok {
		r.used[flag.Name] = r.lines[flag.Name]
		return v, nil
	}
	return nil, nil
}

// where adds the file's line to an error about one of its values, which names
// the flag first of all.
func (r *fileResolver) where(err error) error {
	if r == nil || err == nil {
		return err
	}
	_, rest, _ := strings.Cut(err.Error(), "--")
	name := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz-"))]
	if line, ok := r.used[name]; ok {
		return fmt.Errorf("%s:%d: %w", r.path, line, err)
	}
	return err
}

// secretFile reads a secret from NAME or from the file named by NAME_FILE,
// the way container platforms hand secrets over.
func secretFile(name, value string) (string, error) {
	path := os.Getenv(name + "_FILE")
	if value != "" || path == "" {
		return value, nil
	}
	value, err := readSecret(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return value, nil
}

// readSecret is the text of a file without the white space around it.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it is only read
	data, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return strings.TrimSpace(string(data)), err
}
