package exchange_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

// assets reads files of servers that say nothing of class and time.
var assets = exchange.Mapping{Source: "assets", ItemClass: cmdb.ClassServer, SeenAt: noon}

func TestItemsAreReadByTheNamesOfTheirColumns(t *testing.T) {
	got := reads(t, exchange.ReadCSV(starter(t), exchange.Mapping{Source: "assets"}, lines(
		"\ufeffName,KEY,class,at,state,Serial_Number,cpus",
		"db-01,A1,server,2026-03-02T13:00:00+01:00,in_stock,PF0ABC12,8",
		"lobby,A2,location,2026-03-02,,,",
	), nil))
	require.Equal(t, []reconcile.Payload{
		{Source: "assets", Key: "A1", At: noon, Class: "server", Name: "db-01", State: "in_stock",
			Attributes: map[string]any{"serial_number": "PF0ABC12", "cpus": 8.0}},
		{Source: "assets", Key: "A2", At: noon.Add(-12 * time.Hour), Class: "location", Name: "lobby"},
	}, got, "an empty cell is not set")
}

func TestAMappingSaysWhatColumnsMean(t *testing.T) {
	berlin := time.FixedZone("Berlin", 3600)
	got := reads(t, exchange.ReadCSV(starter(t), exchange.Mapping{
		Source: "assets", Key: "Asset No", Name: "Label", At: "Seen", ItemClass: cmdb.ClassServer, Comma: ';', Zone: berlin,
		Attributes: map[string]string{"Serial": "serial_number"}, Ignore: []string{"remarks"},
	}, lines(
		"Asset No;Label;Seen;Serial;Remarks;warranty_until;",
		"17;db-01;2026-03-02 13:00:00;4711-A;\"a \"\"quoted\"\"\nremark\";2027-01-01;x",
		"18;db-02;2026-03-02 13:00:00;;;;",
	), nil))
	require.Equal(t, []reconcile.Payload{
		{Source: "assets", Key: "17", At: noon, Class: "server", Name: "db-01",
			Attributes: map[string]any{"serial_number": "4711-A", "warranty_until": "2026-12-31T23:00:00Z"}},
		{Source: "assets", Key: "18", At: noon, Class: "server", Name: "db-02"},
	}, got)
}

func TestTextBecomesWhatTheAttributeHolds(t *testing.T) {
	m, err := cmdb.NewModel(append(cmdb.StarterClasses(), cmdb.Class{Name: "rig", Parent: cmdb.ClassServer, Attributes: []cmdb.Attribute{
		{Field: workflow.Field{Name: "spare", Type: workflow.FieldBool}},
	}}), cmdb.StarterRelations())
	require.NoError(t, err)
	id := "01890a5d-ac96-774b-bcce-b302099a8057"
	for _, c := range []struct {
		attribute, text string
		want            any
		wrong           string
	}{
		{attribute: "os", text: "  Debian 13 ", want: "Debian 13"},
		{attribute: "os", text: "one\r\ntwo\rthree", want: "one\ntwo\nthree"},
		{attribute: "cpus", text: "2.5", want: 2.5},
		{attribute: "cpus", text: "many", wrong: `"many" is not a number`},
		{attribute: "cpus", text: "NaN", wrong: "not a finite number"},
		{attribute: "purchase_cost", text: "1999.90", want: "1999.9"},
		{attribute: "purchase_cost", text: "12,50", wrong: "is not a decimal"},
		{attribute: "spare", text: "Yes", want: true},
		{attribute: "spare", text: "0", want: false},
		{attribute: "spare", text: "maybe", wrong: `"maybe" is not one of true, yes, 1`},
		{attribute: "purchased_at", text: "2026-03-02T14:00:00+02:00", want: "2026-03-02T12:00:00Z"},
		{attribute: "purchased_at", text: "2026-03-02 12:00:00", want: "2026-03-02T12:00:00Z"},
		{attribute: "purchased_at", text: "2026-03-02", want: "2026-03-02T00:00:00Z"},
		{attribute: "purchased_at", text: "02.03.2026", wrong: "is not a time such as"},
		{attribute: "environment", text: "test", want: "test"},
		{attribute: "environment", text: "moon", wrong: `"moon" is not one of production, staging, test, development`},
		{attribute: "owned_by", text: "ci/" + id, want: "ci/" + id},
		{attribute: "owned_by", text: "eva", wrong: `"eva" does not refer to an item: want ci/ and the item's id`},
		{attribute: "owned_by", text: "team/" + id, wrong: "is not one of ci"},
		{attribute: "mac_address", text: "001B.4411.3AB7", want: "00:1b:44:11:3a:b7"},
		{attribute: "ip_address", text: "10.0.0.300", wrong: "is not an IP address"},
		{attribute: "ip_address", text: "N/A", want: "N/A"}, // reconciliation tells that it says nothing
	} {
		t.Run(c.attribute+" "+c.text, func(t *testing.T) {
			mapping := assets
			mapping.ItemClass = "rig"
			got, _, wrong := read(exchange.ReadCSV(m, mapping, lines("key,"+c.attribute, "1,\""+c.text+"\""), nil))
			if c.wrong == "" {
				require.Empty(t, wrong)
				require.Equal(t, c.want, got[0].Attributes[c.attribute])
				return
			}
			require.Empty(t, got)
			require.Len(t, wrong, 1)
			require.ErrorContains(t, wrong[0], "items line 2")
			require.ErrorContains(t, wrong[0], "column "+c.attribute+": ")
			require.ErrorContains(t, wrong[0], c.wrong)
		})
	}
}

func TestAHostSaysWhatAReferenceMeans(t *testing.T) {
	eva := workflow.Ref{Kind: cmdb.KindName, ID: workflow.SeededIDs(1).NewID(noon)}
	mapping := assets
	mapping.Refer = func(attribute, text string) (workflow.Ref, error) {
		if attribute == "owned_by" && text == "eva" {
			return eva, nil
		}
		return workflow.Ref{}, errors.New("nobody knows " + text)
	}
	got, _, wrong := read(exchange.ReadCSV(starter(t), mapping, lines("key,owned_by", "1,eva", "2,carl"), nil))
	require.Len(t, got, 1)
	require.Equal(t, eva.String(), got[0].Attributes["owned_by"])
	require.Len(t, wrong, 1)
	require.ErrorContains(t, wrong[0], "items line 3: invalid: column owned_by: nobody knows carl")
}

func TestEverythingWrongWithALineIsToldAtOnce(t *testing.T) {
	got, _, wrong := read(exchange.ReadCSV(starter(t), exchange.Mapping{Source: "assets"}, lines(
		"key,class,name,at,gone,cpus,ip_address,city",
		`1,server,"two`,
		`lines",2026-03-02,,4,,`,
		",server,b,yesterday,perhaps,x,y,Berlin",
		"1,server,twice,2026-03-02,,,,",
		"4,spaceship,d,2026-03-02,,,,",
		"5,hardware,e,2026-03-02,,,,",
		"6,server",
		"7,server,\xff,2026-03-02,,,,",
		"8,location,h,2026-03-02,,,,Bonn",
	), nil))
	require.Len(t, got, 2)
	require.Equal(t, []string{"1", "8"}, []string{got[0].Key, got[1].Key}, "the others are read")
	for i, want := range []struct {
		line int
		says []string
	}{
		{4, []string{"column key is empty", `column at: "yesterday" is not a time`, `column gone: "perhaps"`, `column cpus: "x" is not a number`,
			`column ip_address: cmdb: "y"`, "column city: class server has no such attribute"}},
		{5, []string{`item "1" is on line 2 already`}},
		{6, []string{`class "spaceship" is unknown`}},
		{7, []string{`class "hardware" is unknown or abstract`}},
		{8, []string{"2 columns, and 8 in the header"}},
		{9, []string{"column name: the text is not UTF-8"}},
	} {
		var e *exchange.LineError
		require.ErrorAs(t, wrong[i], &e)
		require.ErrorIs(t, e, workflow.ErrInvalid)
		require.Equal(t, want.line, e.Line)
		require.Equal(t, exchange.FileItems, e.File)
		for _, s := range want.says {
			require.ErrorContains(t, e, s)
		}
	}
	require.Len(t, wrong, 6)
}

func TestAFileThatIsBuiltWrongIsNotRead(t *testing.T) {
	for name, c := range map[string]struct {
		mapping exchange.Mapping
		text    string
		says    []string
	}{
		"empty":           {assets, "", []string{"items: there is no header"}},
		"columns missing": {exchange.Mapping{}, "name\n", []string{"whose word the file is", `no column "key"`, `no column "class"`, `no column "at"`}},
		"unknown columns": {assets, "key,colour,shape\n", []string{`column "colour": no class has`, `column "shape": no class has`}},
		"column twice":    {assets, "key,os,OS\n", []string{`column "os" is there twice`}},
		"mapped, not there": {exchange.Mapping{Source: "a", ItemClass: "server", SeenAt: noon, Attributes: map[string]string{"Nr": "serial_number"}},
			"key\n", []string{`there is no column "Nr", which is the attribute serial_number`}},
		"two of one": {exchange.Mapping{Source: "a", ItemClass: "server", SeenAt: noon, Attributes: map[string]string{"system": "os"}},
			"key,os,system\n", []string{`columns "os" and "system" are both attribute os`}},
		"quotation mark":         {assets, "key,os\n1,a\"b\n", []string{"line 2", "bare \""}},
		"open to the end":        {assets, "key,os\n1,\"a\n", []string{"line 2", "extraneous or missing \""}},
		"delimiter":              {exchange.Mapping{Source: "a", Comma: '"'}, "key\n", []string{"delimiter"}},
		"a row without end":      {assets, "key,os\n1,\"" + strings.Repeat("x", exchange.MaxRow+10_000), []string{"a row has more than"}},
		"only a byte order mark": {assets, "\ufeff", []string{"there is no header"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, wrong := read(exchange.ReadCSV(starter(t), c.mapping, strings.NewReader(c.text), nil))
			require.Empty(t, got)
			require.Len(t, wrong, 1)
			require.ErrorIs(t, wrong[0], workflow.ErrInvalid)
			require.NotErrorAs(t, wrong[0], new(*exchange.LineError))
			for _, s := range c.says {
				require.ErrorContains(t, wrong[0], s)
			}
		})
	}
}

func TestAReaderThatFailsIsNotTheFilesFault(t *testing.T) {
	lost := errors.New("connection lost")
	for name, rows := range map[string]exchange.Rows{
		"items":     exchange.ReadCSV(starter(t), assets, iotest.ErrReader(lost), nil),
		"relations": exchange.ReadCSV(starter(t), assets, lines("key"), iotest.ErrReader(lost)),
		"payloads":  exchange.ReadJSONL(iotest.ErrReader(lost)),
	} {
		_, _, wrong := read(rows)
		require.Len(t, wrong, 1, name)
		require.ErrorIs(t, wrong[0], lost, name)
		require.NotErrorIs(t, wrong[0], workflow.ErrInvalid, name)
	}
}

func TestARelationComesWithTheItemThatItBeginsAt(t *testing.T) {
	got := reads(t, exchange.ReadCSV(starter(t), exchange.Mapping{Source: "assets", SeenAt: noon}, lines(
		"key,class", "app,application", "host,server", "rack,location",
	), lines(
		"from,to,type,to_source",
		"app,host,runs_on,",
		"rack,host,contains,",
		"app,elsewhere,connects_to,vcenter",
		"host,not here,depends_on,",
	)))
	require.Equal(t, []reconcile.Link{{Type: "runs_on", Key: "host"}, {Type: "connects_to", Source: "vcenter", Key: "elsewhere"}}, got[0].Relations)
	require.Equal(t, []reconcile.Link{{Type: "contained_in", Key: "rack"}, {Type: "depends_on", Key: "not here"}}, got[1].Relations,
		"a name from the other end turns it round; the other end may be known already")
	require.Empty(t, got[2].Relations)
}

func TestARelationNeedsAnItemToBeginAt(t *testing.T) {
	_, _, wrong := read(exchange.ReadCSV(starter(t), assets, lines("key", "a"), lines(
		"TYPE,From,To", "runs_on,stranger,a", "contains,a,ghost", "likes,a,a", "runs_on,,", "uses",
	)))
	require.Len(t, wrong, 5)
	for i, want := range []string{
		`relations line 4: invalid: column type: there is no type "likes"; there are connects_to, consumes,`,
		"relations line 5: invalid: column from is empty\ncolumn to is empty",
		"relations line 6: invalid: 1 columns, and 3 in the header",
		`relations line 2: invalid: it begins at item "stranger", which is not in the file of items`,
		`relations line 3: invalid: it begins at item "ghost"`,
	} {
		require.ErrorContains(t, wrong[i], want)
	}
}

func TestATypeMayBeTheOtherEndOfTwo(t *testing.T) {
	m, err := cmdb.NewModel(cmdb.StarterClasses(), append(cmdb.StarterRelations(),
		cmdb.RelationType{Name: "stored_on", Inverse: "hosts", Depends: cmdb.FromDependsOnTo}))
	require.NoError(t, err)
	_, _, wrong := read(exchange.ReadCSV(m, assets, lines("key", "a"), lines("from,to,type,to_source", "a,a,hosts,", "a,a,runs,x")))
	require.Len(t, wrong, 2)
	require.ErrorContains(t, wrong[0], `"hosts" is the other end of hosted_on and of stored_on`)
	require.ErrorContains(t, wrong[1], "column to_source: a relation that is read backwards begins at the other item")
}

func TestRelationsNeedTheirColumns(t *testing.T) {
	mapping := assets
	mapping.Relations = exchange.RelationColumns{From: "parent"}
	_, _, wrong := read(exchange.ReadCSV(starter(t), mapping, lines("key", "a"), lines("from,type")))
	require.Len(t, wrong, 1)
	require.ErrorContains(t, wrong[0], `there is no column "parent"`)
	require.ErrorContains(t, wrong[0], `there is no column "to"`)
}

func TestReadingStopsWhenNobodyListens(t *testing.T) {
	for range exchange.ReadCSV(starter(t), assets, lines("key", "a", "b"), lines("from,to,type", "x,y,z", "x,y,z")) {
		break
	}
	for row := range exchange.ReadCSV(starter(t), assets, lines("key", "a", "b"), nil) {
		require.Equal(t, "a", row.Payload.Key)
		break
	}
}
