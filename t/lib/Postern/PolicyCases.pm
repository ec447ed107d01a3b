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

rule('true', 'NOT true or subject == "^always"',
    yes => message(['Subject: always']));
rule('subject', 'subject == "^one [0-9]"', yes => message(['Subject: one 2']),
    no => message(['Subject: two']));
rule('header', 'header("X-Kind") == "^a$"', yes => message(['X-Kind: a']),
    no => message(['X-Kind: b']));
rule('mail-from', 'mail-from == "^boss@"', yes_from => 'Boss@client.test');
rule('rcpt-to', 'rcpt-to == "^special@"', yes_to => ['special@sink.test']);
rule('body-size', 'body-size > 20K',
    yes => message([], ('x' x 70 . $crlf) x 400));
rule('body-contains', 'body-contains("swordfish", 2)',
    yes => attached(bytes => "swordfish\n", text => 'swordfish'),
    no => attached(text => 'swordfish'));
rule('only-body-contains', 'only-body-contains("*aba", 1)',
    yes => message([], "pay to 021000021 now$crlf"),
    no => message([], "pay to 021000022 now$crlf"));

# ---- actions -------------------------------------------------------------

action('insert-header', 'insert-header("X-Added", "yes")',
    expect => { contains => ['X-Added: yes'] });
action('strip-header', 'strip-header("X-Gone")',
    message => message(['X-Gone: here']),
    expect => { lacks => ['X-Gone: here'] });
action('edit-header-text', 'edit-header-text("Subject", "plain", "fancy")',
    expect => { contains => ['Subject: fancy'] });
action('tag-message', 'tag-message("tagged")',
    expect => { tags => ['tagged'] });
action('quarantine', 'quarantine("Policy")',
    expect => { verdict => 'quarantine', quarantine => 'Policy' });
action('drop', 'drop()', expect => { verdict => 'drop' });
action('bounce', 'bounce()', expect => { verdict => 'bounce' });
action('encrypt', 'encrypt("default", "$Subject")',
    expect => { protection => 'envelope', profile => 'default' });
action('encrypt-deferred', 'encrypt-deferred("default", "$Subject", "tls")',
    expect => { protection => 'tls_or_envelope' });
action('log-entry', 'log-entry("seen $MID")', log => qr/^seen \d+$/);

# ---- as policy tests -----------------------------------------------------

# The YAML of filters: each rule as one that adds a field with its number.
sub rule_filters {
	my @filters;
	for my $i (0 .. $#RULES) {
		push @filters, { name => "rule-$i",
		    conditions => [$RULES[$i]{text}],
		    actions => ["insert-header(\"X-Rule-$i\", \"yes\")"] };
	}
	return \@filters;
}

# The two cases of a rule, for a file that "postern policy test" reads.
sub rule_cases {
	my ($i, $write) = @_;
	my $rule = $RULES[$i];
	my @cases;
	for my $side (qw(yes no)) {
		my $facts = $rule->{"${side}_facts"} // $rule->{facts};
		push @cases, { name => "$rule->{name}: $side",
		    file => $write->("rule-$i-$side.eml", $rule->{$side}),
		    client => $rule->{"${side}_client"} // $rule->{client} //
			'127.0.0.1',
		    sender => $rule->{"${side}_from"} // $rule->{from} //
			'ann@client.test',
		    recipients => $rule->{"${side}_to"} // $rule->{to} //
			['user@sink.test'],
		    ($facts ? (facts => $facts) : ()),
		    expect => [$side eq 'yes' ? { fired => ["rule-$i"],
			contains => ["X-Rule-$i: yes"] } :
			{ silent => ["rule-$i"], lacks => ["X-Rule-$i"] }] };
	}
	return \@cases;
}

# JSON is YAML enough.
sub file { return JSON::PP->new->canonical->pretty->encode($_[0]) }

1;
