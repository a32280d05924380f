package cmdb_test

import (
	"encoding/json"
	"testing"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

func attr(name string, t workflow.FieldType) cmdb.Attribute {
	return cmdb.Attribute{Field: workflow.Field{Name: name, Type: t}}
}

func TestClassesInherit(t *testing.T) {
	m, err := cmdb.NewModel([]cmdb.Class{
		{Name: "scanner", Parent: "device", Attributes: []cmdb.Attribute{attr("tesla", workflow.FieldNumber)}},
		{Name: "device", Parent: "thing", StaleDays: 7, Lone: true, Attributes: []cmdb.Attribute{attr("serial", workflow.FieldString)}},
		{Name: "thing", Abstract: true, Attributes: []cmdb.Attribute{attr("note", workflow.FieldString)}},
	}, nil)
	require.NoError(t, err)
	c, ok := m.Class("scanner")
	require.True(t, ok)
	var names []string
	for _, a := range c.Attributes {
		names = append(names, a.Name)
	}
	require.Equal(t, []string{"note", "serial", "tesla"}, names)
	require.Equal(t, 7, c.StaleDays)
	require.True(t, c.Lone)
	require.True(t, m.Is("scanner", "thing"))
	require.False(t, m.Is("thing", "scanner"))
	require.Equal(t, "thing", m.Classes()[0].Name, "those above come first")
	c.Attributes[0].Name = "changed"
	again, _ := m.Class("scanner")
	require.Equal(t, "note", again.Attributes[0].Name, "a model never changes")
	_, ok = m.Class("robot")
	require.False(t, ok)
}

func TestAClassReplacesWhatItInherits(t *testing.T) {
	strict := attr("serial", workflow.FieldString)
	strict.Required = true
	m, err := cmdb.NewModel([]cmdb.Class{
		{Name: "device", Attributes: []cmdb.Attribute{attr("serial", workflow.FieldString)}},
		{Name: "server", Parent: "device", Attributes: []cmdb.Attribute{strict}},
	}, nil)
	require.NoError(t, err)
	_, err = m.Check("device", nil)
	require.NoError(t, err)
	_, err = m.Check("server", nil)
	require.ErrorContains(t, err, "serial is required")
	_, err = m.CheckPartly("server", nil)
	require.NoError(t, err)
}

func TestEverythingThatIsWrongWithAModelIsTold(t *testing.T) {
	both := attr("both", workflow.FieldString)
	both.Required, both.Recommended = true, true
	flag := attr("flag", workflow.FieldBool)
	flag.Unique = true
	number := attr("number", workflow.FieldNumber)
	number.Format, number.Classes = cmdb.FormatMAC, []string{"robot"}
	_, err := cmdb.NewModel([]cmdb.Class{
		{Name: "a", Attributes: []cmdb.Attribute{both, flag, number, both, attr("x y", workflow.FieldString), attr("kind", "colour")}},
		{Name: "b", Parent: "a", Attributes: []cmdb.Attribute{attr("number", workflow.FieldString)}},
	}, []cmdb.RelationType{
		{Name: "r", Inverse: "r'", Depends: "sideways", Most: -1, From: []string{"robot"}},
		{Name: "s", Inverse: "t", Depends: cmdb.NoDependence, Soft: true, Need: graph.Need(1)},
		{Name: "s", Inverse: "t", Depends: cmdb.NoDependence},
	})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"required or recommended", "bool cannot be unique", `format "mac"`, "only a reference", "declared twice", "x y", "colour",
		"number is a string, and was a number", "sideways", "r'", "most is", `no class "robot"`, "not soft", "no meaning", "s is declared twice"} {
		require.ErrorContains(t, err, part)
	}
	for _, classes := range [][]cmdb.Class{
		{{Name: "a", Parent: "b"}, {Name: "b", Parent: "a"}},
		{{Name: "a", Parent: "a"}},
		{{Name: "a", Parent: "nobody"}},
		{{Name: "a"}, {Name: "a"}},
		{{Name: "a b"}},
		{{Name: "a", StaleDays: -1}},
	} {
		_, err := cmdb.NewModel(classes, nil)
		require.ErrorIs(t, err, workflow.ErrInvalid)
	}
}

func TestTheStarterModelAsJSON(t *testing.T) {
	m, err := cmdb.Starter()
	require.NoError(t, err)
	text, err := json.Marshal(m)
	require.NoError(t, err)
	back, err := cmdb.ParseModel(text)
	require.NoError(t, err)
	require.Equal(t, m.Classes(), back.Classes())
	require.Equal(t, m.RelationTypes(), back.RelationTypes())
	_, err = cmdb.ParseModel([]byte(`{"classes":[{"name":"a","colour":"red"}]}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestWhichRelationsMayBe(t *testing.T) {
	m, err := cmdb.Starter()
	require.NoError(t, err)
	require.NoError(t, m.Allows(cmdb.RunsOn, cmdb.ClassDatabase, cmdb.ClassVirtualMachine))
	require.ErrorContains(t, m.Allows(cmdb.RunsOn, cmdb.ClassServer, cmdb.ClassServer), "begins at one of")
	require.ErrorContains(t, m.Allows(cmdb.RunsOn, cmdb.ClassDatabase, cmdb.ClassLocation), "ends at one of")
	require.ErrorContains(t, m.Allows("likes", cmdb.ClassDatabase, cmdb.ClassServer), "no such type")
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format           cmdb.Format
		value            string
		normal, identity string // empty: not of the format
	}{
		{cmdb.FormatSerial, " ab-12 ", "ab-12", "AB-12"},
		{cmdb.FormatUUID, "{4C4C4544-0051-3510-8052-B4C04F4B3532}", "4c4c4544-0051-3510-8052-b4c04f4b3532", "44454c4c-5100-1035-8052-b4c04f4b3532"},
		{cmdb.FormatUUID, "44454C4C510010358052B4C04F4B3532", "44454c4c-5100-1035-8052-b4c04f4b3532", "44454c4c-5100-1035-8052-b4c04f4b3532"},
		{cmdb.FormatUUID, "4711", "", ""},
		{cmdb.FormatMAC, "001B44113AB7", "00:1b:44:11:3a:b7", "00:1b:44:11:3a:b7"},
		{cmdb.FormatMAC, "00:1b:44", "", ""},
		{cmdb.FormatIP, "2001:0DB8::0001", "2001:db8::1", "2001:db8::1"},
		{cmdb.FormatIP, "10.0.0.256", "", ""},
		{cmdb.FormatHostname, "Mail.Example.ORG.", "mail.example.org", "mail.example.org"},
		{"", " as it is ", "as it is", "as it is"},
	} {
		normal, err := c.format.Normal(c.value)
		if c.normal == "" {
			require.ErrorIs(t, err, workflow.ErrInvalid, c.value)
			continue
		}
		require.NoError(t, err, c.value)
		require.Equal(t, c.normal, normal)
		require.Equal(t, c.identity, c.format.Identity(normal))
	}
}

func TestPlaceholders(t *testing.T) {
	for _, c := range []struct {
		format cmdb.Format
		values []string
		says   bool // something of the item
	}{
		{cmdb.FormatSerial, []string{"To Be Filled By O.E.M.", "Default string", "None", "N/A", "0", "000", "xxxxxxx", "11111111", "------", "0123456789", "Not Specified", "System Serial Number"}, false},
		{cmdb.FormatSerial, []string{"4711", "9999", "PF0ABC12", "7", "none-7"}, true},
		{cmdb.FormatUUID, []string{"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009"}, false},
		{cmdb.FormatMAC, []string{"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "02:42:ac:11:00:02", "01:00:5e:00:00:01", "da:a1:19:00:00:01"}, false},
		{cmdb.FormatMAC, []string{"00:1b:44:11:3a:b7"}, true},
		{cmdb.FormatIP, []string{"127.0.0.1", "::1", "0.0.0.0", "169.254.3.4", "224.0.0.1"}, false},
		{cmdb.FormatIP, []string{"10.0.0.1"}, true},
		{cmdb.FormatHostname, []string{"localhost", "localhost.localdomain", "unknown"}, false},
	} {
		for _, v := range c.values {
			require.Equal(t, c.says, c.format.Placeholder(v) == "", "%s %q: %s", c.format, v, c.format.Placeholder(v))
		}
	}
}

// A value in normal form stays as it is, and its identity does not depend on how it
// was written.
func FuzzFormats(f *testing.F) {
	for _, s := range []string{"4711", "4c4c4544-0051-3510-8052-b4c04f4b3532", "00:1b:44:11:3a:b7", "::ffff:10.0.0.1", "a.b.", "", "{}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, format := range []cmdb.Format{"", cmdb.FormatSerial, cmdb.FormatUUID, cmdb.FormatMAC, cmdb.FormatIP, cmdb.FormatHostname} {
			normal, err := format.Normal(s)
			if err != nil {
				require.ErrorIs(t, err, workflow.ErrInvalid)
				continue
			}
			again, err := format.Normal(normal)
			require.NoError(t, err)
			require.Equal(t, normal, again, format)
			identity := format.Identity(normal)
			require.Equal(t, identity, format.Identity(identity), format)
			_ = format.Placeholder(normal)
		}
	})
}

func FuzzParseModel(f *testing.F) {
	f.Add([]byte(`{"classes":[{"name":"a","attributes":[{"name":"x","type":"string","unique":true}]},{"name":"b","parent":"a"}],"relations":[{"name":"r","inverse":"s","depends":"from","need":"60%"}]}`))
	f.Add([]byte(`{"classes":[{"name":"a","parent":"a"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := cmdb.ParseModel(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		text, err := json.Marshal(m)
		require.NoError(t, err)
		back, err := cmdb.ParseModel(text)
		require.NoError(t, err)
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))
	})
}
