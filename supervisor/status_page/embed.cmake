# Joins page.html, its styles and its scripts into one document inside a C++ source, with the policy that lets a browser
# run just these:   cmake -DSOURCE=<this folder> -DOUTPUT=<file.cpp> -P embed.cmake
set(STYLES page.css)
set(SCRIPTS format.js charts.js parts.js page.js)

# The hash as Content-Security-Policy writes it: SHA-256 in base64, of which three hexadecimal digits are two characters.
function(policy_hash text result)
    string(SHA256 digits "${text}")
    string(APPEND digits "00")
    set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    set(base64 "")
    foreach(at RANGE 0 63 3)
        string(SUBSTRING "${digits}" ${at} 3 three)
        math(EXPR high "0x${three} / 64")
        math(EXPR low "0x${three} % 64")
        string(SUBSTRING "${alphabet}" ${high} 1 first)
        string(SUBSTRING "${alphabet}" ${low} 1 second)
        string(APPEND base64 "${first}${second}")
    endforeach()
    string(SUBSTRING "${base64}" 0 43 base64)
    set(${result} "'sha256-${base64}='" PARENT_SCOPE)
endfunction()

function(joined files result)
    set(text "\n")
    foreach(file ${files})
        file(READ ${SOURCE}/${file} content)
        string(APPEND text "${content}")
    endforeach()
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

joined("${STYLES}" style)
joined("${SCRIPTS}" script)
file(READ ${SOURCE}/page.html page)
string(REPLACE "<!-- style -->" "<style>${style}</style>" page "${page}")
string(REPLACE "<!-- script -->" "<script>${script}</script>" page "${page}")
policy_hash("${style}" style_hash)
policy_hash("${script}" script_hash)
string(CONCAT policy "default-src 'none'; style-src ${style_hash}; script-src ${script_hash}; connect-src 'self'; img-src data:; "
       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
file(WRITE ${OUTPUT} "#include \"supervisor/status_page.hpp\"

const std::string_view corral::status_page_policy = R\"corral(${policy})corral\";
const std::string_view corral::status_page_html = R\"corral(${page})corral\";
")
