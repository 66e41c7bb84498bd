# SPDX-License-Identifier: GPL-2.0-only
#
# What scdoc leaves to be done. It moves paragraph breaks to where they have an effect
# (mandoc -T lint warns of each one behind a heading and before the end of an indented
# block). It makes every dash an ASCII one, so that commands can be copied. And it
# switches hyphenation off again, which .TH switches on: names stay whole.

function put(line) {
	if (held)
		print ".P"
	held = 0
	print line
	after_heading = 0
}

/^\.PP?$/ {
	held = !after_heading
	next
}
# the end of a block: the break belongs behind it
/^\.RE$/ {
	print
	next
}
/^\.TH / {
	put($0)
	print ".nh"
	after_heading = 1
	next
}
/^\.S[HS] / {
	held = 0
	put($0)
	after_heading = 1
	next
}
# neither requests, nor the movements before a list's bullets
!/^[.\047]/ && !/^\\h\047/ {
	gsub(/\\-/, "-")	# a newer scdoc may do it itself
	gsub(/-/, "\\-")
}
{ put($0) }
