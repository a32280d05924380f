package itsm_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/itsm-go/itsm"

// Arrows only point down: what each package of the module may import of the
// module. "leaf" packages import the standard library alone; the practices
// never import each other. A folder's rule holds for those below it, unless
// they have their own.
var mayImport = map[string][]string{
	".":                           {},
	"sla/calendar":                {},
	"cmdb/graph":                  {},
	"cmdb/draw":                   {"cmdb/graph"},
	"workflow/approval":           {},
	"workflow/routing":            {"sla/calendar", "workflow"},
	"workflow/routing/oncall":     {"sla/calendar", "workflow"},
	"workflow/routing/escalation": {"sla/calendar", "workflow"},
	"workflow":                    {"sla/calendar"},
	"workflow/memstore":           {"workflow"},
	"workflow/faultstore":         {"workflow"},
	"workflow/storetest":          {"workflow"},
	"workflow/projection":         {"workflow"},
	"workflow/scenario":           {"workflow"},
	"sla":                         {"sla/calendar", "workflow"},
	"cmdb":                        {"cmdb/draw", "cmdb/graph", "sla/calendar", "workflow"},
	"cmdb/reconcile":              {"cmdb", "cmdb/graph", "workflow"},
	"cmdb/exchange":               {"cmdb", "cmdb/graph", "cmdb/reconcile", "workflow"},
	"incident":                    {"incident/major", "workflow/routing/oncall", "workflow/routing/escalation", "sla", "cmdb", "sla/calendar", "cmdb/graph", "workflow", "workflow/approval", "workflow/routing"},
	"incident/major":              {"sla/calendar", "workflow"},
	"incident/request/catalog":    {"sla", "sla/calendar", "workflow", "workflow/approval"},
	"incident/request":            {"incident/request/catalog", "sla", "cmdb", "sla/calendar", "workflow", "workflow/approval"},
	"incident/survey":             {"sla/calendar", "workflow"},
	"incident/announce":           {"cmdb", "cmdb/graph", "sla/calendar", "workflow"},
	"incident/incidenttest":       {"incident", "incident/major", "sla", "workflow", "workflow/memstore", "workflow/scenario"},
	"problem":                     {"problem/rca", "sla", "cmdb", "sla/calendar", "cmdb/graph", "workflow", "workflow/approval", "workflow/routing"},
	"problem/rca":                 {"cmdb/graph", "workflow"},
	"problem/knownerror":          {"sla/calendar", "workflow"},
	"problem/detect":              {"workflow"},
	"change/schedule":             {"sla/calendar"},
	"change/risk":                 {},
	"change/report":               {},
	"change/template":             {"change", "sla/calendar", "workflow", "workflow/approval"},
	"change/forward":              {"change/schedule", "sla/calendar"},
	"change/cab":                  {"workflow", "workflow/approval", "sla/calendar"},
	"change":                      {"change/schedule", "change/risk", "change/report", "change/forward", "change/cab", "sla", "cmdb", "sla/calendar", "cmdb/graph", "workflow", "workflow/approval", "workflow/routing"},
}

// Only these may import package testing outside of tests.
var testKits = []string{"workflow/storetest", "workflow/scenario"}

// leaves use nothing but the standard library.
var leaves = []string{"sla/calendar", "cmdb/graph", "workflow/approval", "workflow/memstore", "workflow/storetest", "workflow/faultstore"}

func TestImportsPointDown(t *testing.T) {
	for dir, imports := range productionImports(t) {
		allowed, known := ruleFor(dir)
		require.True(t, known, "package %s has no place in the architecture: say what it may import", dir)
		for _, imp := range imports {
			inside, ours := strings.CutPrefix(imp, module+"/")
			switch {
			case ours:
				require.Contains(t, allowed, inside, "%s must not import %s", dir, inside)
			case strings.Contains(strings.Split(imp, "/")[0], "."):
				require.NotContains(t, leaves, dir, "%s uses the standard library only, not %s", dir, imp)
				require.NotContains(t, imp, "testify", "%s imports testify outside of its tests", dir)
			case imp == "testing":
				require.Contains(t, testKits, dir, "%s imports testing outside of its tests", dir)
			}
		}
	}
}

func TestRootModuleRequiresOnlyWhatWasAgreed(t *testing.T) {
	agreed := []string{"github.com/google/uuid", "github.com/shopspring/decimal", "github.com/stretchr/testify", "golang.org/x/exp"}
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`(?m)^(?:require)?\s+([^\s(]+) v\S+( // indirect)?$`).FindAllStringSubmatch(string(mod), -1) {
		if m[2] == "" {
			require.Contains(t, agreed, m[1])
		}
	}
}

// A hidden clock, a goroutine nobody asked for or global state would make a
// replay differ from the first run.
func TestDomainCodeReadsNoClock(t *testing.T) {
	forbidden := regexp.MustCompile(`time\.(Now|Sleep|After|Tick|NewTimer|NewTicker)\(|^func init\(`)
	for _, file := range productionFiles(t) {
		if strings.HasPrefix(file, "workflow/storetest/") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for i, line := range strings.Split(string(text), "\n") {
			require.False(t, forbidden.MatchString(line), "%s:%d: %s", file, i+1, line)
		}
	}
}

func ruleFor(dir string) ([]string, bool) {
	for d := dir; ; d = path.Dir(d) {
		if allowed, ok := mayImport[d]; ok && (d != "." || dir == ".") {
			return allowed, true
		}
		if d == "." {
			return nil, false
		}
	}
}

func productionImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	for _, file := range productionFiles(t) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, imp := range f.Imports {
			dir := path.Dir(file)
			imports[dir] = append(imports[dir], strings.Trim(imp.Path.Value, `"`))
		}
	}
	return imports
}

// productionFiles lists the Go files of the root module that are not tests.
func productionFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || hasModule(name)):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			files = append(files, filepath.ToSlash(name))
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
