package Postern::Corpus;
# Real messages of many kinds, where the field's collection is beside us.
use strict;
use warnings;

use Postern::Gateway;

my $folder = '../shared/testdata/mime';

# Why there are none here, or nothing.
sub missing {
	return -e "$folder/MESSAGES.tsv" ? undef : "$folder is absent";
}

# What a strict relay must refuse, and why.
sub fault {
	my ($data) = @_;
	return 'bare CR or LF' if $data =~ /\r(?!\n)|(?<!\r)\n/;
	return 'NUL' if $data =~ /\0/;
	return 'a line over 64 KB' if grep { length > 65536 }
	    split /\r\n/, $data;
	my ($header) = $data =~ /\A((?:[^\r\n]+\r\n)*)/;
	return 'a header over 1 MB' if length $header > 1 << 20;
	return '';
}

# { path, data (as SMTP would carry it), fault, number }, ...
sub messages {
	open my $list, '<', "$folder/MESSAGES.tsv" or die $!;
	my @messages;
	while (my $line = <$list>) {
		next if $line =~ /^#/;
		my ($path, $ends) = split /\t/, $line;
		my $data = Postern::Gateway::slurp("$folder/$path");
		$data =~ s/\n/\r\n/g if $ends eq 'lf';
		# What has no line end at its end gets one (RFC 5321 2.3.8).
		$data .= "\r\n" if $data ne '' && $data !~ /\n\z/;
		push @messages, { path => $path, data => $data,
		    fault => fault($data), number => scalar @messages };
	}
	return @messages;
}

1;
