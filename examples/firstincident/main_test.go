package main

import (
	"os"
	"strings"
	"testing"
)

// The program in the README is this program, and prints what the README says.
func TestReadmeIsTrue(t *testing.T) {
	readme := read(t, "../../README.md")
	_, source, _ := strings.Cut(read(t, "main.go"), "\n")
	if !strings.Contains(readme, source) {
		t.Error("the README shows another program than main.go")
	}
	if got := output(t); !strings.Contains(readme, "It prints\n```\n"+got+"```") {
		t.Errorf("the README shows another output than\n%s", got)
	}
}

func output(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	main()
	os.Stdout = stdout
	w.Close()
	out := make([]byte, 4096)
	n, _ := r.Read(out)
	return string(out[:n])
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
