package cmdb

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/itsm-go/itsm/workflow"
)

// Format says what a string attribute is, so that two ways of writing one value are
// one value, and a value that says nothing is seen as such.
type Format string

// The formats.
const (
	FormatSerial   Format = "serial"   // of the maker: upper and lower case are one
	FormatUUID     Format = "uuid"     // of the board: its byte order differs between programs that read it
	FormatMAC      Format = "mac"      // a hardware address
	FormatIP       Format = "ip"       // an address of either version
	FormatHostname Format = "hostname" // upper and lower case are one, as is a dot behind it
)

var formats = []Format{FormatSerial, FormatUUID, FormatMAC, FormatIP, FormatHostname}

func (f Format) valid() bool { return slices.Contains(formats, f) }

// Normal returns the one way in which a value is kept: addresses in their usual
// form, everything without space around it. A value that is none of the format is an
// error matching [workflow.ErrInvalid].
func (f Format) Normal(value string) (string, error) {
	value = strings.TrimSpace(value)
	if value == "" {
		return "", nil
	}
	switch f {
	case FormatUUID:
		raw, ok := uuidBytes(value)
		if !ok {
			return "", fmt.Errorf("cmdb: %.64q is not a UUID: %w", value, workflow.ErrInvalid)
		}
		return uuidText(raw), nil
	case FormatMAC:
		if len(value) == 12 {
			value = value[:4] + "." + value[4:8] + "." + value[8:]
		}
		hw, err := net.ParseMAC(value)
		if err != nil {
			return "", fmt.Errorf("cmdb: %.64q is not a hardware address such as 00:1b:44:11:3a:b7: %w", value, workflow.ErrInvalid)
		}
		return hw.String(), nil
	case FormatIP:
		ip, err := netip.ParseAddr(value)
		if err != nil {
			return "", fmt.Errorf("cmdb: %.64q is not an IP address: %w", value, workflow.ErrInvalid)
		}
		return ip.Unmap().String(), nil
	case FormatHostname:
		return strings.ToLower(strings.TrimRightFunc(value, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })), nil
	}
	return value, nil
}

// Identity returns what two values in normal form have in common if they name one
// thing: serial numbers in one case, and UUIDs whatever the byte order of their
// first three fields, which SMBIOS and several hypervisors and agents turn around.
func (f Format) Identity(value string) string {
	switch f {
	case FormatSerial:
		return strings.ToUpper(value)
	case FormatUUID:
		raw, ok := uuidBytes(value)
		if !ok {
			return value
		}
		return min(uuidText(raw), uuidText(swapped(raw)))
	}
	return value
}

// placeholders are what makers and installers leave where a value should be.
var placeholders = map[string]bool{
	"to be filled by o.e.m.": true, "to be filled by o.e.m": true, "to be filled": true, "o.e.m.": true, "oem": true,
	"default string": true, "default": true, "system serial number": true, "chassis serial number": true,
	"base board serial number": true, "baseboard serial number": true, "serial number": true, "serialnumber": true,
	"sn": true, "s/n": true, "none": true, "n/a": true, "na": true, "null": true, "nil": true, "unknown": true,
	"not specified": true, "not available": true, "not applicable": true, "not provided": true, "not set": true,
	"invalid": true, "empty": true, "undefined": true, "unspecified": true, "system product name": true,
	"system manufacturer": true, "not defined": true, "0123456789": true, "123456789": true, "1234567890": true,
	"12345678": true, "localhost": true, "localhost.localdomain": true, "tbd": true, "-": true, ".": true, "?": true,
	"0":                                    true,
	"03000200-0400-0500-0006-000700080009": true, // a board maker's, on very many machines
	"12345678-1234-5678-90ab-cddeefaabbcc": true,
}

// Placeholder tells why a value in normal form says nothing of the item it comes
// from, or "" if it does say something: a text that makers leave in place, a digit
// over and over, an address that a device makes up for itself.
func (f Format) Placeholder(value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	if placeholders[value] {
		return "a placeholder"
	}
	if f != FormatIP && repeats(strings.Map(letterOrDigit, value)) {
		return "one character over and over"
	}
	switch f {
	case FormatMAC:
		hw, err := net.ParseMAC(value)
		switch {
		case err != nil || len(hw) == 0:
		case hw[0]&1 != 0:
			return "a group address, not one of a device"
		case hw[0]&2 != 0:
			return "locally administered: made up, and perhaps for a day"
		}
	case FormatUUID:
		if raw, ok := uuidBytes(value); ok && placeholders[uuidText(swapped(raw))] {
			return "a placeholder"
		}
	case FormatIP:
		if ip, err := netip.ParseAddr(value); err == nil && (ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() || ip.IsMulticast()) {
			return "an address that every device can have"
		}
	}
	return ""
}

// repeats reports whether text is one character over and over: often enough that no
// maker would count that way, or one of those that stand for nothing.
func repeats(text string) bool {
	if text == "" {
		return true
	}
	if strings.Count(text, text[:1]) < len(text) {
		return false
	}
	return len(text) > 5 || len(text) > 2 && strings.Contains("0xf", text[:1])
}

func letterOrDigit(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127 {
		return r
	}
	return -1
}

func uuidBytes(s string) (raw [16]byte, ok bool) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	s = strings.ReplaceAll(s, "-", "")
	if len(s) != 32 {
		return raw, false
	}
	_, err := hex.Decode(raw[:], []byte(s))
	return raw, err == nil
}

func uuidText(b [16]byte) string { return workflow.ID(b).String() }

// swapped turns the first three fields around.
func swapped(b [16]byte) [16]byte {
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return b
}
