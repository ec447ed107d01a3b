package Postern::PolicyCases;
# A case for every rule and every action of the filter language: a message
# for which it is true, or does its work, and one for which it does not.
# From them come policy tests (t/policy_mutation.t), and mails for a gateway.
use strict;
use warnings;
use JSON::PP;
use MIME::Base64 qw(encode_base64);

my $crlf = "\r\n";

# A message of header lines and a body.
sub message {
	my ($header, $body) = @_;
	my %given = map { lc((split /:/)[0]) => 1 } @$header;
	my @fields = (($given{from} ? () : 'From: ann@client.test'),
	    ($given{to} ? () : 'To: user@sink.test'),
	    ($given{subject} ? () : 'Subject: plain'), @$header);
	return join $crlf, @fields, '', $body // "hello$crlf";
}

# A message with an attachment.
sub attached {
	my (%o) = @_;
	my $name = $o{name} // 'notes.txt';
	my $type = $o{type} // 'text/plain';
	my $part = join $crlf, '--b', "Content-Type: $type; name=\"$name\"",
	    "Content-Disposition: attachment; filename=\"$name\"",
	    'Content-Transfer-Encoding: base64', '',
	    encode_base64($o{bytes} // "some notes\n", $crlf);
	return message(['MIME-Version: 1.0', @{ $o{header} // [] },
	    'Content-Type: multipart/mixed; boundary=b'],
	    join $crlf, '--b', 'Content-Type: text/plain', '',
	    $o{text} // 'see attached', $part . ($o{more} // '') . '--b--',
	    '');
}

our $PLAIN = message([]);
our @RULES;
our @ACTIONS;

# rule(NAME, TEXT, yes => message, no => message, [further options])
#   from, to        the envelope, for both; yes_from, no_to ... for one
#   yes_facts       answers of lists and directories
sub rule {
	my ($name, $text, %o) = @_;
	push @RULES, { name => $name, text => $text, yes => $PLAIN,
	    no => $PLAIN, %o };
}

# action(NAME, TEXT, expect => {...}, [message => ...])
#   What is expected must not be so where the action does nothing.
sub action {
	my ($name, $text, %o) = @_;
	push @ACTIONS, { name => $name, text => $text, message => $PLAIN,
	    %o };
}

# ---- rules of the header and the envelope --------------------------------

rule('true', 'not true or subject == "^always"',
    yes => message(['Subject: always']), no_is_true => 1);
rule('subject', 'subject == "^one [0-9]"', yes => message(['Subject: one 2']),
    no => message(['Subject: two']));
rule('header', 'header("X-Kind") == "^a$"', yes => message(['X-Kind: a']),
    no => message(['X-Kind: b']));
rule('from-address', 'from-address == "^boss@"',
    yes => message(['From: "ann@x.test" <boss@client.test>']),
    no => message(['From: "boss@client.test" <ann@client.test>']));
rule('addr-count', 'addr-count("To", "Cc") > 2',
    yes => message(['To: a@x.test, b@x.test', 'Cc: c@x.test']),
    no => message(['To: a@x.test', 'Cc: c@x.test']));
rule('mail-from', 'mail-from == "^boss@"', yes_from => 'Boss@client.test');
rule('rcpt-to', 'rcpt-to == "^special@"', yes_to => ['special@sink.test']);
rule('rcpt-count', 'rcpt-count > 1',
    yes_to => ['user@sink.test', 'other@sink.test']);
rule('body-size', 'body-size > 20K',
    yes => message([], join '', map { 'x' x 70 . $crlf } 1 .. 400));
rule('sendergroup', 'sendergroup == "^neigh"', yes_client => '127.1.0.1');
rule('recv-listener', 'recv-listener == "second"', yes_listener => 'second');
rule('remote-ip', 'remote-ip == "127.1.0.0/16"', yes_client => '127.1.0.1');
rule('date', 'subject == "^late" and (date > "01/01/2020" and ' .
    'not date < "01/01/2020")', yes => message(['Subject: late']));
rule('random', 'subject == "^chance" and (random(1) == 0 and ' .
    'not random(1) > 0)', yes => message(['Subject: chance']));

# ---- rules of texts ------------------------------------------------------

rule('body-contains', 'body-contains("swordfish", 2)',
    yes => attached(bytes => "swordfish\n", text => 'swordfish'),
    no => attached(text => 'swordfish'));
rule('only-body-contains', 'only-body-contains("*aba", 1)',
    yes => message([], "pay to 021000021 now$crlf"),
    no => attached(bytes => "pay to 021000021 now\n"));
rule('dictionary-match', 'dictionary-match("words", 3)',
    yes => attached(text => 'Bluebird', bytes => 'bluebird'),
    no => message([], "bluebird$crlf"));
rule('body-dictionary-match', 'body-dictionary-match("words", 2)',
    yes => message([], "bluebird$crlf"),
    no => attached(bytes => "bluebird"));
rule('attachment-dictionary-match', 'attachment-dictionary-match("words")',
    yes => attached(bytes => "bluebird"),
    no => message([], "bluebird$crlf"));
rule('subject-dictionary-match', 'subject-dictionary-match("words")',
    yes => message(['Subject: the Bluebird']));
rule('header-dictionary-match', 'header-dictionary-match("words", "X-Project")',
    yes => message(['X-Project: Bluebird']),
    no => message(['X-Other: Bluebird']));
rule('mail-from-dictionary-match', 'mail-from-dictionary-match("words")',
    yes_from => 'bluebird@client.test');
rule('rcpt-to-dictionary-match', 'rcpt-to-dictionary-match("words")',
    yes_to => ['bluebird@sink.test']);
rule('forged-email-detection', 'forged-email-detection("people", 80)',
    yes => message(['From: "Winston Chieff" <x@client.test>']),
    no => message(['From: "Somebody Else" <x@client.test>']));

# ---- rules of attachments and form ---------------------------------------

my $elf = "\x7fELF\x02\x01\x01" . "\0" x 9 . "\x03\0\x3e\0\x01" . "\0" x 60;
rule('attachment-filename', 'attachment-filename == "\\.scr$"',
    yes => attached(name => 'a.scr'), no => attached(name => 'a.txt'));
rule('attachment-type', 'attachment-type == "image/png"',
    yes => attached(name => 'a.png', type => 'image/png'),
    no => attached());
rule('attachment-mimetype', 'attachment-mimetype == "image/gif"',
    yes => attached(name => 'a.gif', type => 'image/gif'),
    no => attached(name => 'a.gif', type => 'text/plain',
	bytes => "GIF89a\x01\0\x01\0\0\0\0"));
rule('attachment-filetype', 'attachment-filetype == "pdf"',
    yes => attached(name => 'a.txt', bytes => "%PDF-1.4\n%\xe2\xe3\n"),
    no => attached(name => 'a.pdf', type => 'application/pdf'));
rule('attachment-mismatch', 'attachment-mismatch',
    yes => attached(name => 'a.png', type => 'image/png',
	bytes => "%PDF-1.4\n%\xe2\xe3\n"),
    no => attached());
rule('attachment-size', 'attachment-size > 10K',
    yes => attached(bytes => "0123456789\n" x 2000), no => attached());
rule('attachment-contains', 'attachment-contains("marlin")',
    yes => attached(bytes => "marlin\n"),
    no => attached(text => 'marlin'));
rule('every-attachment-contains', 'every-attachment-contains("tarpon")',
    yes => attached(bytes => "tarpon\n"), no => attached());
rule('attachment-binary-contains',
    'attachment-binary-contains("\\x7fELF")',
    yes => attached(name => 'a.bin', type => 'application/octet-stream',
	bytes => $elf), no => attached());
rule('valid', 'not valid',
    yes => "no field at all${crlf}" . $PLAIN);
rule('malformed-header', 'malformed-header',
    yes => message(['MIME-Version: 1.0', 'Content-Type: text/plain; =x']));
rule('duplicate_boundaries', 'duplicate_boundaries',
    yes => message(['MIME-Version: 1.0',
	'Content-Type: multipart/mixed; boundary=a; boundary=b'],
	join $crlf, '--a', '', 'x', '--a--', ''));
rule('ambiguous', 'ambiguous',
    yes => message(['MIME-Version: 1.0', 'Content-Type: text/plain',
	'Content-Type: text/html']));
rule('unscannable', 'unscannable',
    yes => message(['MIME-Version: 1.0',
	'Content-Type: message/partial; id=x; number=1; total=2'],
	"part$crlf"));
rule('encrypted', 'encrypted',
    yes => message([], join $crlf, '-----BEGIN PGP MESSAGE-----', '',
	'hQEMA0', '-----END PGP MESSAGE-----', ''));

# ---- rules of facts ------------------------------------------------------

rule('dnslist', 'dnslist("bl.test")',
    yes_facts => { 'dns-list bl.test 127.0.0.1' => '127.0.0.2' });
rule('remote-host', 'remote-host == "^mail\\."',
    yes_facts => { 'host-name "" 127.0.0.1' => 'mail.client.test' });
rule('mail-from-group', 'mail-from-group == "corp.person:staff"',
    yes_facts => { 'group corp.person:staff ann@client.test' => 'yes' });
rule('rcpt-to-group', 'rcpt-to-group == "corp.person:staff"',
    yes_facts => { 'group corp.person:staff user@sink.test' => 'yes' });
rule('sender-attribute', 'sender-attribute("corp.place") == "^Board"',
    yes_facts => { 'attribute corp.place ann@client.test' => 'Board' });
rule('recipient-attribute', 'recipient-attribute("corp.place") == "^Board"',
    yes_facts => { 'attribute corp.place user@sink.test' => 'Board' });
rule('workqueue-count', 'workqueue-count > 100',
    yes_facts => { 'queue-count "" ""' => '200' });

# ---- actions -------------------------------------------------------------

my $notes = encode_base64("some notes\n", '');

action('insert-header', 'insert-header("X-Added", "yes")',
    expect => { contains => ['X-Added: yes'] });
action('strip-header', 'strip-header("X-Gone")',
    message => message(['X-Gone: here']),
    expect => { lacks => ['X-Gone: here'] });
action('edit-header-text', 'edit-header-text("Subject", "plain", "fancy")',
    expect => { contains => ['Subject: fancy'] });
action('fed', 'fed()', message => message(['From: "Chief" <x@else.test>']),
    expect => { lacks => ['x@else.test'] });
action('tag-message', 'tag-message("tagged")',
    expect => { tags => ['tagged'] });
action('log-entry', 'log-entry("seen $EnvelopeFrom")',
    logs => ['seen ann@client.test'], expect => {});
action('quarantine', 'quarantine("Policy")',
    expect => { verdict => 'quarantine', quarantine => 'Policy' });
action('drop', 'drop()', expect => { verdict => 'drop' });
action('bounce', 'bounce()', expect => { verdict => 'bounce' });
action('deliver', 'deliver()', expect => { silent => ['behind'] });
action('skip-filters', 'skip-filters()', expect => { silent => ['behind'] });
action('encrypt', 'encrypt("default", "$Subject")',
    expect => { protection => 'envelope', profile => 'default' });
action('encrypt-deferred', 'encrypt-deferred("default", "$Subject", "tls")',
    expect => { protection => 'tls_or_envelope' });
action('add-footer', 'add-footer("legal")',
    expect => { contains => ['for its recipients only'] });
action('add-heading', 'add-heading("legal")',
    expect => { contains => ['for its recipients only'] });
action('edit-body-text', 'edit-body-text("hello", "goodbye")',
    expect => { contains => ['goodbye'], lacks => ['hello'] });
action('html-convert', 'html-convert()',
    message => message(['MIME-Version: 1.0', 'Content-Type: text/html'],
	"<p>a <b>bold</b> word</p>$crlf"),
    expect => { lacks => ['<b>'], contains => ['bold'] });
action('drop-attachments-by-name',
    'drop-attachments-by-name("^notes", "gone by name")',
    message => attached(), expect => { lacks => [$notes],
	contains => ['gone by name'] });
action('drop-attachments-by-type',
    'drop-attachments-by-type("image/png", "gone by type")',
    message => attached(name => 'a.png', type => 'image/png'),
    expect => { lacks => [$notes], contains => ['gone by type'] });
action('drop-attachments-by-mimetype',
    'drop-attachments-by-mimetype("image/png", "gone by mimetype")',
    message => attached(name => 'a.png', type => 'image/png'),
    expect => { lacks => [$notes], contains => ['gone by mimetype'] });
action('drop-attachments-by-filetype',
    'drop-attachments-by-filetype("pdf", "gone by filetype")',
    message => attached(bytes => "%PDF-1.4\n%\xe2\xe3\n"),
    expect => { contains => ['gone by filetype'] });
action('drop-attachments-by-size',
    'drop-attachments-by-size(5K, "gone by size")',
    message => attached(bytes => "0123456789\n" x 2000),
    expect => { contains => ['gone by size'] });
action('drop-attachments-where-contains',
    'drop-attachments-where-contains("some n.tes", 1, "gone by content")',
    message => attached(), expect => { lacks => [$notes],
	contains => ['gone by content'] });
action('drop-attachments-where-dictionary-match',
    'drop-attachments-where-dictionary-match("words", 1, "gone by words")',
    message => attached(bytes => "bluebird\n"),
    expect => { contains => ['gone by words'] });
action('alt-rcpt-to', 'alt-rcpt-to("else@sink.test")',
    expect => { recipient => 'else@sink.test' });
action('alt-mailhost', 'alt-mailhost("[127.0.0.9]:2599")',
    expect => { next_hop => '[127.0.0.9]:2599' });
action('bounce-profile', 'bounce-profile("patient")',
    expect => { bounce_profile => 'patient' });
action('bcc', 'bcc("archive@sink.test")',
    made => ['copy archive@sink.test'], expect => {});
action('bcc-scan', 'bcc-scan("archive@sink.test")',
    made => ['rescan archive@sink.test'], expect => {});
action('duplicate-quarantine', 'duplicate-quarantine("Policy")',
    made => ['duplicate user@sink.test'], expect => {});
action('notify', 'notify("admin@sink.test")',
    made => ['notice admin@sink.test'], expect => {});
action('notify-copy', 'notify-copy("admin@sink.test")',
    made => ['notice admin@sink.test'], expect => {});
# It does nothing, broken or not.
action('no-op', 'no-op()', expect => {}, cannot_break => 1);

# ---- as policy tests -----------------------------------------------------

my %connection = (client => '127.0.0.1', from => 'ann@client.test',
    to => ['user@sink.test'], listener => 'public');

# What the filters ask about a message, answered "no" unless it is said.
sub facts {
	my ($said, $given) = @_;
	my @people = ($said->{from}, @{ $said->{to} });
	my %facts = (
		"dns-list bl.test $said->{client}" => '',
		"host-name \"\" $said->{client}" => '',
		'queue-count "" ""' => '0',
		(map { ("group corp.person:staff $_" => '',
		    "attribute corp.place $_" => '') } @people),
		%{ $given // {} });
	return [map { "$_ = $facts{$_}" } sort keys %facts];
}

# What a case says of the connection, for "yes", "no" or "".
sub connection {
	my ($case, $side) = @_;
	my %said = map { $_ => $case->{"${side}_$_"} // $case->{$_} //
	    $connection{$_} } keys %connection;
	return (client => $said{client}, sender => $said{from},
	    recipients => $said{to}, listener => $said{listener},
	    facts => facts(\%said, $case->{"${side}_facts"}));
}

# The two cases of a rule, for a file that "postern policy test" reads.
sub rule_cases {
	my ($i, $write) = @_;
	my $rule = $RULES[$i];
	return [map { {
		name => "$rule->{name}: $_",
		file => $write->("rule-$i-$_.eml", $rule->{$_}),
		connection($rule, $_),
		expect => [$_ eq 'yes' ? { fired => ["rule-$i"],
		    contains => ["X-Rule-$i: yes"] } :
		    { silent => ["rule-$i"], lacks => ["X-Rule-$i"] }],
	} } qw(yes no)];
}

# The case of an action: its message has a field that calls for it.
sub action_cases {
	my ($i, $write) = @_;
	my $action = $ACTIONS[$i];
	return [{ name => $action->{name},
	    file => $write->("action-$i.eml",
		"X-Do: $i$crlf$action->{message}"),
	    connection($action, ''),
	    (map { $action->{$_} ? ($_ => $action->{$_}) : () }
		qw(made logs)),
	    expect => [{ fired => ["action-$i"], %{ $action->{expect} } }] }];
}

# A configuration with a filter for each of them; certificates is the folder
# of Postern::Authority with "client" in it.  without_facts leaves out the
# rules that ask lists and directories.
sub config {
	my (%o) = @_;
	my @filters;
	for my $i (0 .. $#RULES) {
		next if $o{without_facts} && $RULES[$i]{yes_facts};
		push @filters, { name => "rule-$i",
		    conditions => ['not header("X-Do")', $RULES[$i]{text}],
		    actions => ["insert-header(\"X-Rule-$i\", \"yes\")"] };
	}
	for my $i (0 .. $#ACTIONS) {
		push @filters, { name => "action-$i",
		    conditions => ["header(\"X-Do\") == \"^$i\$\""],
		    actions => [$ACTIONS[$i]{text}] };
	}
	push @filters, { name => 'behind', conditions => ['header("X-Do")'],
	    actions => ['tag-message("behind")'] };
	my $list = JSON::PP->new->canonical->encode(\@filters);
	my ($public, $second, $hop) = ($o{public} // 2525,
	    $o{second} // 2526, $o{hop} // 2527);
	return <<"YAML" . ($o{more} // '');
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: $public, tls: off }
  second: { address: 127.0.0.1, port: $second, tls: off }
sender_groups:
  - { name: neighbours, addresses: [127.1.0.0/16], mail_flow_policy: relay }
  - { name: inside, addresses: [127.0.0.0/8], mail_flow_policy: relay }
mail_flow_policies:
  relay: { action: relay, tls: off, max_errors: 1000, max_messages: 100000 }
smtp_routes:
  - { domains: [all], hosts: ["127.0.0.1:$hop"] }
bounce_profiles:
  default: { retry_initial: 1 s, retry_max: 2 s }
  patient: { retry_initial: 1 s, retry_max: 3 s }
quarantines:
  Policy: { description: for a look }
dictionaries:
  words: { whole_words: true, terms: ["bluebird, 2", "/inv[0-9]+/"] }
  people: { terms: [Winston Chief] }
text_resources:
  legal: { type: disclaimer, text: "for its recipients only" }
directories:
  corp:
    servers: ["ldap://127.0.0.1:1389"]
    base: dc=test
    queries:
      person: { filter: "(mail={a})", group: "(&(cn={g})(member={n}))" }
      place: { filter: "(mail={a})", attribute: department }
encryption:
  global: { client_certificate: client, trust: $o{certificates}/ca.pem }
  profiles:
    default: { portal_url: "https://portal.test", key_service_url: "https://127.0.0.1:4180" }
tls:
  certificates:
    client:
      certificate: $o{certificates}/client.pem
      key: $o{certificates}/client.key
content_filters:
  outgoing: $list
YAML
}

# JSON is YAML enough.
sub file { return JSON::PP->new->canonical->pretty->encode($_[0]) }

1;
