# Writes a file with the environment filled in: `# if NAME` … `# end NAME` stays only where NAME is set and not empty,
# and ${NAME} is its value. In YAML the value is quoted, since a password may hold anything.
function value_of(name,    value) {
    value = ENVIRON[name]
    if (FILENAME ~ /\.yml$/) {
        gsub(/'/, "''", value)
        value = "'" value "'"
    }
    return value
}
$1 == "#" && $2 == "if" && NF == 3 {
    depth++
    hidden[depth] = hidden[depth - 1] || ENVIRON[$3] == ""
    next
}
$1 == "#" && $2 == "end" && NF == 3 {
    depth--
    next
}
!hidden[depth] {
    line = $0
    out = ""
    # From the left, once: a value that holds a dollar sign is not read again.
    while ((start = index(line, "${")) > 0 && (length_of = index(substr(line, start), "}")) > 0) {
        out = out substr(line, 1, start - 1) value_of(substr(line, start + 2, length_of - 3))
        line = substr(line, start + length_of)
    }
    print out line
}
