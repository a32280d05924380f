package announce

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Config sets up a [Service]. A directory is needed.
type Config struct {
	Directory Directory
	Consumers Consumers // none: nobody is told because he consumes something
	// Channels are those by which people are told who prefer none. Default: "mail".
	Channels []string
	// Direct are the kinds of announcements that an editor releases without an
	// approval. Default: none, so that everything needs one.
	Direct []Kind

	Lifecycle         workflow.Definition   // of announcements; default: [Lifecycle]
	Earlier           []workflow.Definition // earlier versions, for the announcements that are pinned to them
	Guards            map[string]workflow.Guard[Facts]
	BulletinLifecycle workflow.Definition // default: [BulletinLifecycle]
	EarlierBulletins  []workflow.Definition
	Number            workflow.NumberFormat // of announcements; default: ANN0000001
	BulletinNumber    workflow.NumberFormat // default: BUL0000001
}

// Service keeps people informed. It carries out commands through a [workflow.Desk]. It
// is immutable and safe for concurrent use.
//
// A command returns the record as it is afterwards, or an error and no change. An error
// matches [workflow.ErrInvalid], [workflow.ErrNotFound], [workflow.ErrForbidden],
// [workflow.ErrTransition] or [workflow.ErrConflict], or is one of the directory.
type Service struct {
	desk    *workflow.Desk
	cfg     Config
	courses courses[BulletinFacts]
	lives   courses[Facts]

	bulletins     *workflow.Kind[*Bulletin]
	pages         *workflow.Kind[*page]
	profiles      *workflow.Kind[*Profile]
	announcements *workflow.Kind[*Announcement]
	acks          *workflow.Kind[*Acknowledgement]

	key string
	at  time.Time
}

// NewService checks the configuration, all of it, and returns the service.
func NewService(desk *workflow.Desk, cfg Config) (*Service, error) {
	var p workflow.Problems
	if desk == nil {
		p.Addf("no desk")
	}
	if cfg.Directory == nil {
		p.Addf("no directory: nobody could be told")
	}
	if cfg.Channels = slices.Clone(cfg.Channels); len(cfg.Channels) == 0 {
		cfg.Channels = []string{"mail"}
	}
	checkChannels(&p, cfg.Channels)
	for _, k := range cfg.Direct {
		checkKind(&p, k)
	}
	if cfg.Number.Prefix == "" {
		cfg.Number.Prefix = "ANN"
	}
	if cfg.BulletinNumber.Prefix == "" {
		cfg.BulletinNumber.Prefix = "BUL"
	}
	own := bindings(nil).Guards
	for _, name := range sortedKeys(cfg.Guards) {
		if _, ok := own[name]; ok {
			p.Addf("guard %q is one of the library's own", name)
		}
	}
	s := &Service{desk: desk, cfg: cfg}
	s.courses = newCourses(&p, cfg.BulletinLifecycle, BulletinLifecycle(), cfg.EarlierBulletins, workflow.Bindings[BulletinFacts]{})
	s.lives = newCourses(&p, cfg.Lifecycle, Lifecycle(), cfg.Earlier, bindings(cfg.Guards))
	s.addKinds(&p)
	if err := p.Err("announce: configuration"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) addKinds(p *workflow.Problems) {
	var errs [5]error
	s.bulletins, errs[0] = workflow.NewKind(workflow.KindConfig[*Bulletin]{Name: KindBulletin, Number: s.cfg.BulletinNumber, New: func() *Bulletin { return new(Bulletin) },
		Clone: (*Bulletin).clone, Index: func(b *Bulletin) []workflow.IndexEntry { return b.index(s.courses.category(&b.Record)) }})
	s.pages, errs[1] = workflow.NewKind(workflow.KindConfig[*page]{Name: kindPage, New: func() *page { return new(page) }, Clone: (*page).clone})
	s.profiles, errs[2] = workflow.NewKind(workflow.KindConfig[*Profile]{Name: KindProfile, New: func() *Profile { return new(Profile) }, Clone: (*Profile).clone, Index: (*Profile).index})
	s.announcements, errs[3] = workflow.NewKind(workflow.KindConfig[*Announcement]{Name: KindAnnouncement, Number: s.cfg.Number, New: func() *Announcement { return new(Announcement) },
		Clone: (*Announcement).clone, Index: func(a *Announcement) []workflow.IndexEntry { return a.index(s.lives.category(&a.Record)) }})
	s.acks, errs[4] = workflow.NewKind(workflow.KindConfig[*Acknowledgement]{Name: kindAck, New: func() *Acknowledgement { return new(Acknowledgement) },
		Clone: func(a *Acknowledgement) *Acknowledgement { c := *a; c.Record = a.Record.Clone(); return &c },
		Index: func(a *Acknowledgement) []workflow.IndexEntry {
			return []workflow.IndexEntry{{Field: IndexAnnouncement, Key: workflow.IDKey(a.Announcement)}}
		}})
	for _, err := range errs {
		p.Add(err)
	}
}

// Once returns the service for one command with an idempotency key: a command of the
// same name and key that was carried out before is not carried out again.
func (s *Service) Once(key string) *Service {
	c := *s
	c.key = key
	return &c
}

// At returns the service for commands that happened at an instant, for imports and
// replays, instead of now.
func (s *Service) At(t time.Time) *Service {
	c := *s
	c.at = t
	return &c
}

func (s *Service) command(actor workflow.Actor, name string) workflow.Command {
	return workflow.Command{Name: "announce." + name, Actor: actor, Key: s.key, At: s.at}
}

// made is the id of the record of a kind that a command wrote first.
func made(res workflow.Result, kind string) workflow.ID {
	for _, e := range res.Events {
		if e.Kind == kind {
			return e.ID
		}
	}
	return workflow.ID{}
}

// Bulletins yields the bulletins a query selects; its kind is set here.
func (s *Service) Bulletins(ctx context.Context, q workflow.Query) iter.Seq2[*Bulletin, error] {
	return s.bulletins.Find(ctx, s.desk.Store(), q)
}

// Announcements yields the announcements a query selects; its kind is set here.
func (s *Service) Announcements(ctx context.Context, q workflow.Query) iter.Seq2[*Announcement, error] {
	return s.announcements.Find(ctx, s.desk.Store(), q)
}

// Handle carries out [TopicSpread], and answers the timers of announcements and
// profiles. Give it to a [workflow.Mux] under the topic and under [KindAnnouncement] and
// [KindProfile]. It bears repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	var err error
	switch {
	case d.Message != nil && d.Message.Topic == TopicSpread:
		err = s.spread(ctx, d.Message)
	case d.Timer != nil && d.Timer.Ref.Kind == KindAnnouncement && d.Timer.Name == TimerValidity:
		_, err = s.At(s.notBefore(d.Timer.Due)).advance(ctx, d.Timer.Ref.ID)
	case d.Timer != nil && d.Timer.Ref.Kind == KindProfile && d.Timer.Name == TimerFlush:
		err = s.At(s.notBefore(d.Timer.Due)).flush(ctx, d.Timer.Ref.ID)
	default:
		err = fmt.Errorf("announce: %s is not work for announcements: %w", d.Key(), workflow.ErrInvalid)
	}
	if errors.Is(err, workflow.ErrNotFound) || errors.Is(err, workflow.ErrInvalid) {
		return workflow.Permanent(err)
	}
	return err
}

// notBefore is now, or a timer's instant should this clock be behind the relay's.
func (s *Service) notBefore(due time.Time) time.Time {
	if now := s.desk.Now(); now.After(due) {
		return now
	}
	return due
}
