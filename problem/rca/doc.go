// Package rca is root cause analysis as data, with pictures: five whys, the cause and
// effect diagram, the fault tree and the timeline of what happened.
//
//	a, err := rca.Parse(document)          // strict, every fault at once
//	for _, c := range a.RootCauses() { … } // what was confirmed, and how it leads to the problem
//	err = a.Whys.SVG(file)                 // every part draws itself
//
// # Five whys
//
// [Whys] is a tree, since a why may have several answers. Each answer has evidence and
// a [Verdict]. The root causes are the leaves that are confirmed; [Whys.Open] lists the
// leaves nobody has looked at yet.
//
// # Cause and effect
//
// [Fishbone] sorts possible causes by category (Ishikawa). The categories are the
// host's: [SixM], [FourP], [EightP] and the [FourDimensions] of ITIL 4 are ready to use.
//
// # Fault tree
//
// [FaultTree] says by gates how events together bring the top event about: all of them
// ([And]), any ([Or]) or k of n ([Vote]). An event or a gate may stand in several
// places. [FaultTree.Solve] works it out exactly, what is repeated included:
//
//	s, err := tree.Solve()
//	p, err := s.Probability()               // of the top event, if the events are independent
//	sets, complete := s.CutSets(100)        // the smallest combinations that suffice
//	list, err := s.Importance()             // what matters most
//
// # Timeline
//
// [Timeline] holds facts with their sources. Some are milestones, from the beginning of
// the damage to the restored service; [Timeline.Phases] tells how long it took from one
// to the next, and [Timeline.Silences] when nothing was noted for long.
//
// # Pictures
//
// SVG needs nothing but itself: no script, no font from elsewhere. Every text may hold
// anything; what is too long is wrapped, and whole in a tooltip. The same analysis is
// drawn the same, byte for byte. [Whys] and [FaultTree] are also written as Mermaid, and
// everything as plain text.
//
// Nothing here reads a clock or keeps anything. Package problem keeps an [Analysis] as
// a document with versions.
package rca
