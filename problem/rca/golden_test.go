package rca_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/rca"
)

var update = flag.Bool("update", false, "write the golden files anew")

func mail(t testing.TB) rca.Analysis {
	t.Helper()
	document, err := os.ReadFile(filepath.Join("testdata", "mail.json"))
	require.NoError(t, err)
	a, err := rca.Parse(document)
	require.NoError(t, err)
	return a
}

func TestPicturesAndTexts(t *testing.T) {
	a := mail(t)
	for name, write := range map[string]func(io.Writer) error{
		"whys.svg": a.Whys.SVG, "fishbone.svg": a.Fishbone.SVG, "faulttree.svg": a.FaultTree.SVG, "timeline.svg": a.Timeline.SVG,
		"whys.mmd": a.Whys.Mermaid, "faulttree.mmd": a.FaultTree.Mermaid, "mail.txt": a.Text,
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, write(&b))
			file := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), b.String(), "write it anew with -update, and look at it")
		})
	}
}
