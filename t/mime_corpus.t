#!/usr/bin/perl
# What our MIME parser reads in real messages, beside what mime4j, MIME-tools,
# stalwart, Postfix and Mozilla's mail read.  Agreement is counted; disagreements that we stand by
# are listed with their reason in t/mime-disagreements.tsv.
use strict;
use warnings;
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use Test::More;

my $folder = '../shared/testdata/mime';
my $program = ($ENV{POSTERN_BUILD} // 'build/test') .
    '/t/unit/mime_corpus_test';
plan skip_all => "$folder is absent" unless -d $folder;
plan skip_all => "$program is not built" unless -x $program;

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!";
	local $/;
	return scalar <$in>;
}

# Our own reading of many files, by path.
sub ours {
	my @paths = @_;
	my %read;
	open my $in, '-|:raw', $program, @paths or die $!;
	while (my $line = <$in>) {
		my $message = decode_json($line);
		$read{$message->{path}} = $message;
	}
	close $in or die "$program: $?";
	return \%read;
}

# "multipart(text/plain,message(text/plain))": nesting without types.
sub children {
	my ($message, $of) = @_;
	my $parts = $message->{parts};
	return grep { $_ > 0 && $parts->[$_]{parent} == $of }
	    1 .. $#$parts;
}

sub shape {
	my ($message, $at) = @_;
	my $part = $message->{parts}[$at];
	my $inner = join ',', map { shape($message, $_) }
	    children($message, $at);
	return "multipart($inner)" if $part->{multipart};
	return "message($inner)" if $part->{message};
	return 'leaf';
}

sub leaves {
	my ($message) = @_;
	return grep { !$_->{multipart} && !$_->{message} }
	    @{$message->{parts}};
}

sub content { decode_base64($_[0]{content}) }

# Line ends are not what is compared here.
sub plain_lines {
	my ($text) = @_;
	$text =~ s/\r\n?/\n/g;
	$text =~ s/\s+\z//;
	return $text;
}

# ---- mime4j: NAME.xml (as it stands), NAME_decoded.xml ---------------------

sub xml_shape {
	my ($xml) = @_;
	my @out = ('');
	while ($xml =~ m{<(/?)(multipart|message|body-part|body|text-body|binary-body)\b[^>]*>}g) {
		my ($close, $tag) = ($1, $2);
		next if $tag eq 'body-part';
		if ($tag =~ /^(?:multipart|message)$/) {
			if (!$close) {
				push @out, '';
			} else {
				my $inner = pop @out;
				$out[-1] .= ($out[-1] eq '' ? '' : ',') .
				    "$tag($inner)";
			}
		} elsif (!$close) {
			$out[-1] .= ($out[-1] eq '' ? '' : ',') . 'leaf';
		}
	}
	# The whole stands in a message of its own.
	$out[0] =~ s/^message\((.*)\)$/$1/s;
	return $out[0];
}

sub against_mime4j {
	my ($path, $message) = @_;
	(my $stem = $path) =~ s/\.msg$//;
	my $xml = slurp("$stem.xml");
	my @trouble;
	my $theirs = xml_shape($xml);
	my $mine = shape($message, 0);
	push @trouble, "shape $mine, theirs $theirs" if $mine ne $theirs;
	my $decoded = -e "$stem\_decoded.xml" ? slurp("$stem\_decoded.xml") :
	    '';
	my @files = $decoded =~ m{<(?:text|binary)-body name="([^"]+)"}g;
	my @leaves = leaves($message);
	(my $dir = $path) =~ s{/[^/]+$}{};
	for my $i (0 .. $#files) {
		last if @trouble;
		my $want = slurp("$dir/$files[$i]");
		my $got = content($leaves[$i]);
		if ($files[$i] =~ /\.txt$/) {
			($got, $want) = map { plain_lines($_) } $got, $want;
		}
		push @trouble, "content of $files[$i]" if $got ne $want;
	}
	return @trouble;
}

# ---- MIME-tools: NAME.ref ---------------------------------------------------

sub perl_name {
	my ($message, $at) = @_;
	return 'Msg' if $at == 0;
	my @numbers;
	while ($at != 0) {
		my $parent = $message->{parts}[$at]{parent};
		my @all = children($message, $parent);
		my ($number) = grep { $all[$_] == $at } 0 .. $#all;
		unshift @numbers, $number + 1;
		$at = $parent;
	}
	return 'Part_' . join '_', @numbers;
}

sub against_mime_tools {
	my ($path, $message) = @_;
	(my $reference = $path) =~ s/\.msg$/.ref/;
	my $want = eval slurp($reference) or die "$reference: $@";
	my @trouble;
	my %seen;
	for my $at (0 .. $#{$message->{parts}}) {
		my $part = $message->{parts}[$at];
		my $name = perl_name($message, $at);
		my $theirs = $want->{$name};
		$seen{$name} = 1;
		next if !$theirs && $at == 0;	# some tell only the parts
		if (!$theirs) {
			push @trouble, "$name is ours alone";
			next;
		}
		my $type = "$part->{type}/$part->{subtype}";
		push @trouble, "$name is $type, theirs $theirs->{Type}"
		    if lc($theirs->{Type} // $type) ne $type;
		push @trouble, "$name size " . length(content($part)) .
		    ", theirs $theirs->{Size}"
		    if defined $theirs->{Size} && defined $part->{content} &&
		    length(content($part)) != $theirs->{Size};
		push @trouble, "$name subject"
		    if defined $theirs->{Subject} &&
		    $theirs->{Subject} !~ /=\?/ &&
		    $theirs->{Subject} ne ($part->{subject} // '');
		my ($file) = ($theirs->{Filename} // '') =~ m{([^/]*)\z};
		push @trouble, "$name filename $file"
		    if $file ne '' && $file !~ /=\?|[^ -~]/ &&
		    !grep { $_ eq $file } @{$part->{names}};
	}
	for my $name (sort keys %$want) {
		push @trouble, "$name is theirs alone"
		    if $name =~ /^Part_/ && !$seen{$name};
	}
	return @trouble;
}

# ---- stalwart: NAME.json (LF), NAME.crlf.json -------------------------------

# Their parts in our order: an inner message is a list of its own.
sub flat {
	my ($theirs) = @_;
	my @flat;
	for my $part (@{$theirs->{parts}}) {
		push @flat, $part;
		push @flat, flat($part->{body}{Message})
		    if ref $part->{body} && $part->{body}{Message};
	}
	return @flat;
}

sub stalwart_header {
	my ($part, $name) = @_;
	my ($field) = grep { !ref $_->{name} && $_->{name} eq $name }
	    @{$part->{headers}};
	return $field ? $field->{value} : undef;
}

sub stalwart_part {
	my ($name, $part, $mine) = @_;
	my @trouble;
	my ($kind) = keys %{$part->{body}};
	my $mine_kind = $mine->{multipart} ? 'Multipart' :
	    $mine->{message} ? 'Message' : 'leaf';
	$kind = 'leaf' if $kind !~ /^(?:Multipart|Message)$/;
	return "$name is $mine_kind, theirs $kind" if $kind ne $mine_kind;
	my $type = stalwart_header($part, 'content_type');
	$type = $type->{ContentType} if ref $type;
	if (ref $type && defined $type->{c_subtype}) {
		my $theirs = lc "$type->{c_type}/$type->{c_subtype}";
		push @trouble, "$name is $mine->{type}/$mine->{subtype}, " .
		    "theirs $theirs"
		    if $theirs ne "$mine->{type}/$mine->{subtype}";
	}
	my $subject = stalwart_header($part, 'subject');
	push @trouble, "$name subject" if ref $subject &&
	    defined $subject->{Text} &&
	    $subject->{Text} ne ($mine->{subject} // '');
	my $body = $part->{body};
	my $text = $body->{Text} // $body->{Html};
	my $bytes = $body->{Binary} // $body->{InlineBinary};
	push @trouble, "$name text" if defined $text &&
	    plain_lines($text) ne plain_lines($mine->{text} // '');
	push @trouble, "$name bytes" if $bytes &&
	    pack('C*', @$bytes) ne content($mine);
	return @trouble;
}

sub against_stalwart {
	my ($path, $message) = @_;
	(my $stem = $path) =~ s/\.eml$//;
	my $ends = slurp($path) =~ /\r\n/ ? '.crlf' : '';
	my $theirs = decode_json(slurp("$stem$ends.json"));
	my @theirs = flat($theirs);
	my @mine = @{$message->{parts}};
	return scalar(@mine) . ' parts, theirs ' . scalar(@theirs)
	    if @mine != @theirs;
	return map { stalwart_part("part $_", $theirs[$_], $mine[$_]) }
	    0 .. $#mine;
}

# ---- Postfix: NAME.in, NAME.ref: the fields of each header section ----------

# Their header sections in order, by the number of fields; empty ones do not
# show.
sub postfix_sections {
	my ($reference) = @_;
	my @sections;
	my $kind = '';
	for my $line (split /\n/, $reference) {
		if ($line =~ /^(MAIN|MULT|NEST) \d+\t\|/) {
			push @sections, 0 if $1 ne $kind;
			$sections[-1]++;
			$kind = $1;
		} elsif ($line =~ /^(?:BODY|HEADER END)/) {
			$kind = '';
		}
	}
	return @sections;
}

sub against_postfix {
	my ($path, $message) = @_;
	(my $reference = $path) =~ s/\.in$/.ref/;
	my $theirs = join ',', postfix_sections(slurp($reference));
	my $mine = join ',', grep { $_ > 0 } map { $_->{fields} }
	    @{$message->{parts}};
	return $mine eq $theirs ? () : "fields $mine, theirs $theirs";
}

# ---- Mozilla: NAME, NAME.out: the text that is shown ------------------------

sub squeezed {
	my ($text) = @_;
	$text =~ s/\s+/ /g;
	$text =~ s/^ | $//g;
	return $text;
}

# Some of theirs are without tags.
sub against_mozilla {
	my ($path, $message) = @_;
	my $want = squeezed(slurp("$path.out"));
	for my $part (leaves($message)) {
		next unless defined $part->{text};
		my $text = $part->{text};
		return () if squeezed($text) eq $want;
		$text =~ s/<[^>]*>//g;
		return () if squeezed($text) eq $want;
	}
	return 'no part has the text that they show';
}

# ---- the count ---------------------------------------------------------------

sub listed {
	my %listed;
	open my $in, '<', 't/mime-disagreements.tsv' or die $!;
	while (my $line = <$in>) {
		chomp $line;
		next if $line =~ /^#|^\s*$/;
		my ($file, $reason) = split /\t/, $line, 2;
		$listed{$file} = $reason;
	}
	return \%listed;
}

my @judges = (
	['mime4j', \&against_mime4j,
	    grep { (my $x = $_) =~ s/\.msg$/.xml/; -e $x }
	    sort glob "$folder/mime4j/*/*.msg"],
	['MIME-tools', \&against_mime_tools,
	    grep { (my $x = $_) =~ s/\.msg$/.ref/; -e $x }
	    sort glob "$folder/perl-mime-tools/*.msg"],
	['stalwart', \&against_stalwart,
	    sort glob "$folder/stalwart-mail-parser/*/*.eml"],
	['Postfix', \&against_postfix,
	    grep { (my $x = $_) =~ s/\.in$/.ref/; -e $x }
	    sort glob "$folder/postfix-golden/global/mime_*.in"],
	['Mozilla', \&against_mozilla, grep { -e "$_.out" }
	    sort grep { !/\.out$/ } glob "$folder/mozilla-mailnews/*"],
);

my $listed = listed();
my %found;
for my $judge (@judges) {
	my ($name, $compare, @paths) = @$judge;
	my $ours = ours(@paths);
	my @unlisted;
	my $agreed = 0;
	for my $path (@paths) {
		my $short = substr $path, length "$folder/";
		my @trouble = $compare->($path, $ours->{$path});
		$agreed++ if !@trouble;
		next if !@trouble;
		$found{$short} = 1;
		push @unlisted, "$short: " . join '; ', @trouble
		    if !$listed->{$short};
	}
	note("$name: $agreed of " . @paths . ' messages read alike');
	cmp_ok(scalar @paths, '>=', 10, "$name: messages");
	ok(!@unlisted, "$name: every disagreement is listed")
	    or diag join "\n", @unlisted;
}
is_deeply([grep { !$found{$_} } sort keys %$listed], [],
    'what is listed disagrees');
is_deeply([grep { ($listed->{$_} // '') !~ /\w{3}/ } sort keys %$listed], [],
    'each with its reason');
done_testing;
