#!/usr/bin/perl
# The commands about message filters: the file is changed as a whole or not
# at all, what nobody meant stays as it is written, and mistakes are shown
# where they are.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP;
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(
    files => { filters => "# top\n\none: if true { tag-message('one'); }\n" },
    config => Postern::Gateway::default_config($sink, extra => <<'YAML'));
message_filters: filters
quarantines:
  Policy: { description: for a look }
content_filters:
  incoming:
    - { name: idle, actions: ['drop()'], active: false }
  outgoing:
    - { name: first, actions: ['tag-message("first")'] }
    - { name: second, actions: ['tag-message("second")'] }
mail_policies:
  outgoing:
    - { name: partners, recipients: [partner.test], content_filters: [first] }
    - { name: default, content_filters: [all] }
YAML
my $d = $gateway->{directory};
my @config = ('--config', "$d/postern.yaml");

# (status, stdout, stderr), with standard input.
sub run {
	my ($input, @words) = @_;
	my $file = "$d/input";
	open my $out, '>:raw', $file or die $!;
	print {$out} $input // '';
	close $out;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', $file or die;
		open STDOUT, '>', "$d/out" or die;
		open STDERR, '>', "$d/err" or die;
		exec "$gateway->{build}/postern", '--socket',
		    "$d/run/control", @words or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return ($? >> 8, Postern::Gateway::slurp("$d/out"),
	    Postern::Gateway::slurp("$d/err"));
}

sub filters { run(shift, 'filters', @_, @config) }
sub text { Postern::Gateway::slurp("$d/filters") }
sub names {
	my (undef, $out) = filters('', 'list', '--json');
	my $json = eval { decode_json($out) } or return 'no JSON';
	return join ' ', map { $_->{name} . ($_->{active} ? '' : '!') }
	    @{ $json->{filters} };
}

subtest 'list, detail, export' => sub {
	my ($status, $out) = filters('', 'list');
	is($status, 0, 'listed');
	is($out, "Num  Active  Valid  Name\n1    yes     yes    one\n",
	    'as a table');
	($status, $out) = filters('', 'detail', 'one');
	is($out, "one: if true { tag-message('one'); }\n", 'as written');
	($status, $out) = filters('', 'export');
	is($out, text(), 'exported, byte for byte');
	($status) = filters('', 'export', "$d/copy");
	is($status, 0, 'to a file');
	is(Postern::Gateway::slurp("$d/copy"), text(), 'the same');
	($status, undef, my $err) = filters('', 'export', "$d/copy");
	is($status, 1, 'never over another');
	($status, undef, $err) = filters('', 'detail', '2');
	is($status, 1, 'none of that number');
	like($err, qr/no number from 1 to 1/, 'which is told');
};

subtest 'new' => sub {
	my ($status, $out) = filters(<<'END', 'new', '1');
# about two
two! if (subject == "x") {
  quarantine("Policy");   # for a look
} else {
  no_op_is_not_known();
}
END
	is($status, 1, 'what is not known is refused');
	is(text(), "# top\n\none: if true { tag-message('one'); }\n",
	    'and changes nothing');
	($status, $out) = filters(<<'END', 'new', '1');
# about two
two! if (subject == "x") {
  quarantine("Policy");   # for a look
} else {
  drop();
}
END
	is($status, 0, 'added') or diag $out;
	like($out, qr/^1 filters added\.\n.*postern config load/, 'told');
	($status, $out) = filters("three: if true {}\nfour: if true {}\n",
	    'new');
	like($out, qr/^2 filters added\./, 'two at the end');
	($status, $out) = filters("five: if true {}", 'new', 'three');
	is(names(), 'two! one five three four', 'each in its place');
	($status, $out) = filters('', 'detail', 'two');
	is($out, <<'END', 'comments are kept');
# about two
two! if (subject == "x") {
  quarantine("Policy");   # for a look
} else {
  drop();
}
END
	like(text(), qr/\A# top\n\n# about two\n/, 'the top stays the top');
};

subtest 'mistakes are shown where they are' => sub {
	my $before = text();
	my ($status, undef, $err) = filters("x: if true { drop(); }\n" .
	    "y: if (subject == ) { drop(); }\n", 'new');
	is($status, 1, 'refused');
	is($err, <<'END', 'line, column and a pointer');
standard input:2:19: message_filters: expected a text in quotes or a number behind "==", found ")"
    y: if (subject == ) { drop(); }
                      ^
END
	($status, undef, $err) = filters("one: if true {}", 'new');
	like($err, qr/there is a filter of that name above/, 'a name twice');
	($status, undef, $err) = filters("if: if true {}", 'new');
	like($err, qr/a word of the language cannot be/, 'reserved words');
	($status, undef, $err) = filters("z: if true { quarantine('No'); }",
	    'new', '1');
	like($err, qr{^\Q$d\E/filters:3:25: .*there is no quarantine "No"},
	    'names that are not there');
	my ($code, $out) = filters("z: if", 'new', '--json');
	my $json = decode_json($out);
	ok(!$json->{ok}, 'as JSON');
	is($json->{errors}[0]{line}, 1, 'with the line');
	($status, undef, $err) = filters('', 'new', '1');
	like($err, qr/no filter in that text/, 'nothing to add');
	($status, undef, $err) = filters('x: if true {}', 'new', '9');
	like($err, qr/there is no place 9/, 'nowhere to add');
	($status, undef, $err) = filters("x: if true {} # \xff", 'new');
	like($err, qr/not UTF-8/, 'no UTF-8');
	is(text(), $before, 'nothing was changed');
	($status) = run('', 'filters', 'list', '--config', "$d/none.yaml");
	is($status, 1, 'no configuration');
};

subtest 'move, set, delete' => sub {
	my ($status, $out) = filters('', 'move', '1-2', 'last');
	is($status, 0, 'moved');
	like($out, qr/^2 filters moved\./, 'told');
	is(names(), 'five three four two! one', 'the order is kept');
	filters('', 'move', 'one', '2');
	is(names(), 'five one three four two!', 'to a number');
	like(text(), qr/# about two\ntwo!/, 'with its comment');
	filters('', 'set', 'two', 'active');
	filters('', 'set', '1-2', 'inactive');
	is(names(), 'five! one! three four two', 'switched');
	is((filters('', 'set', 'two', 'perhaps'))[0], 2, 'or not');
	my (undef, $json) = filters('', 'delete', '3-4', '--json');
	is_deeply(decode_json($json), { ok => JSON::PP::true, deleted => 2,
	    file => "$d/filters" }, 'deleted, as JSON');
	is(names(), 'five! one! two', 'no gap');
	is((filters('', 'delete', 'three'))[0], 1, 'it is gone');
};

subtest 'import replaces all of it, mode and owner stay' => sub {
	chmod 0640, "$d/filters";
	my @before = stat "$d/filters";
	my $before = text();
	my ($status) = filters("a: if true {}\nb: if", 'import', '-');
	is($status, 1, 'not a part');
	is(text(), $before, 'nothing was changed');
	my $new = "# new\na: if true { insert-header('X-A', 'yes'); }\n";
	($status) = filters($new, 'import', '-');
	is($status, 0, 'imported');
	is(text(), $new, 'as it is');
	my @after = stat "$d/filters";
	is_deeply([@after[2, 4, 5]], [@before[2, 4, 5]], 'mode and owner');
	ok(!glob("$d/filters.*"), 'nothing is left behind');
};

subtest 'a broken file is told, and mended by import' => sub {
	$gateway->write_file('filters', "broken: if (\n");
	my ($status, undef, $err) = filters('', 'list');
	is($status, 1, 'it cannot be listed');
	like($err, qr{^\Q$d\E/filters:2:1: message_filters: expected},
	    'where it is broken');
	($status, undef, $err) = $gateway->cli('config', 'check',
	    "$d/postern.yaml");
	like($err, qr{^\Q$d\E/filters:2:1: message_filters: expected},
	    'config check says the same');
	my $new = "a: if true { insert-header('X-A', 'yes'); }\n";
	is((filters($new, 'import', '-'))[0], 0, 'import mends it');
	$gateway->write_file('filters', "a: if true { quarantine('No'); }\n");
	(undef, my $out) = filters('', 'list');
	like($out, qr/^1    yes     no     a\n     there is no quarantine/m,
	    'a filter that is not valid');
	is((filters($new, 'import', '-'))[0], 0, 'mended again');
};

subtest '--load' => sub {
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my ($status, $out, $err) = filters(
	    "b: if true { insert-header('X-B', 'yes'); }\n", 'new', '--load');
	is($status, 0, 'added and loaded') or diag $err;
	like($out, qr/^1 filters added\./, 'told');
	$client->quit;
	my $arrived = wait_until(30, sub {
		my $one = Postern::Smtp->new(port =>
		    $gateway->port('public'));
		$one->command('EHLO client.test');
		$one->send(from => 'a@client.test', to => 'u@sink.test',
		    data => "Subject: x\r\n\r\nb\r\n");
		$one->quit;
		return grep { $_->{data} =~ /^X-B: yes\r$/m }
		    $sink->messages;
	});
	ok($arrived, 'and active');
	$gateway->wait_empty;
};

subtest 'many at once: none is lost' => sub {
	my @pids;
	for my $n (1 .. 8) {
		my $pid = fork // die "fork: $!";
		if ($pid == 0) {
			open my $in, '>', "$d/many$n" or die;
			print {$in} "many$n: if true {}\n";
			close $in;
			open STDOUT, '>', '/dev/null';
			exec "$gateway->{build}/postern", 'filters', 'new',
			    '--file', "$d/many$n", @config or
			    POSIX::_exit(127);
		}
		push @pids, $pid;
	}
	my $failed = 0;
	for my $pid (@pids) {
		waitpid $pid, 0;
		$failed++ if $?;
	}
	is($failed, 0, 'all succeed');
	is(join(' ', sort grep { /^many/ } split / /, names()),
	    join(' ', map { "many$_" } 1 .. 8), 'all are there');
};

subtest 'coverage, used' => sub {
	my ($status, $out) = run('', 'filters', 'coverage');
	like($out, qr/^rule    subject +message and content filters$/m,
	    'what there is');
	like($out, qr/^action  smime-gateway +needs S\/MIME$/m,
	    'and what is not');
	(undef, my $json) = run('', 'filters', 'coverage', '--json');
	my $all = decode_json($json)->{language};
	my ($drop) = grep { $_->{name} eq 'drop' } @$all;
	ok($drop->{available}, 'as JSON');
	my %twice;
	$twice{"$_->{kind} $_->{name}"}++ for @$all;
	is_deeply([grep { $twice{$_} > 1 } keys %twice], [], 'each once');
	(undef, $out) = filters('', 'used');
	like($out, qr/^outgoing  first +active +partners default$/m, 'two');
	like($out, qr/^outgoing  second +active +default$/m, 'one');
	like($out, qr/^incoming  idle +inactive +default$/m, 'implied');
	(undef, $json) = filters('', 'used', '--json');
	is_deeply([map { $_->{policies} } @{ decode_json($json)->{filters} }],
	    [['default'], ['partners', 'default'], ['default']], 'JSON');
};

subtest 'a file that is not there yet' => sub {
	my $yaml = Postern::Gateway::slurp("$d/postern.yaml");
	$gateway->write_file('other.yaml',
	    $yaml =~ s/^message_filters: filters$/message_filters: fresh/mr);
	my @other = ('--config', "$d/other.yaml");
	is((run('', 'filters', 'list', @other))[0], 1, 'nothing to list');
	my ($status, undef, $err) = run("f: if true {}\n", 'filters', 'new',
	    @other);
	is($status, 0, 'made') or diag $err;
	is(Postern::Gateway::slurp("$d/fresh"), "f: if true {}\n", 'whole');
	is((stat "$d/fresh")[2] & 07777, 0600, 'as the configuration is');
	$gateway->write_file('other.yaml',
	    $yaml =~ s/^message_filters: filters$//mr);
	($status, undef, $err) = run("f: if true {}\n", 'filters', 'new',
	    @other);
	like($err, qr/names no file of message filters/, 'no name at all');
};

$gateway->finish;
done_testing;
