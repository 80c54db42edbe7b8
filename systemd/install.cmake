# Where each file goes, once: for the Debian package (debian/package.cmake) and `cmake --install build --prefix /usr`.
# Another prefix would put the program where the units do not look.
set(DOC share/doc/corral)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

install(TARGETS corral DESTINATION bin)
install(FILES models/llama-rush.gguf DESTINATION share/corral)

install(FILES systemd/debian/corral.yaml DESTINATION /etc/corral)
install(FILES systemd/corral.service systemd/corral.socket systemd/corral@.service systemd/corral@.socket
    DESTINATION lib/systemd/system)
install(FILES systemd/corral.sysusers DESTINATION lib/sysusers.d RENAME corral.conf)
install(FILES systemd/corral.tmpfiles DESTINATION lib/tmpfiles.d RENAME corral.conf)

install(FILES cli/completions/corral.bash DESTINATION share/bash-completion/completions RENAME corral)
install(FILES cli/completions/corral.zsh DESTINATION share/zsh/vendor-completions RENAME _corral)
install(FILES cli/completions/corral.fish DESTINATION share/fish/vendor_completions.d)

# Compressed without name and time, so that the same source gives the same bytes.
function(install_gzipped source name folder)
    set(zipped ${PROJECT_BINARY_DIR}/${name}.gz)
    add_custom_command(OUTPUT ${zipped} COMMAND gzip -9nc ${source} > ${zipped} DEPENDS ${source} VERBATIM)
    add_custom_target(${name}_gz ALL DEPENDS ${zipped})
    install(FILES ${zipped} DESTINATION ${folder})
endfunction()
set(KEYS_PAGE ${PROJECT_BINARY_DIR}/corral.yaml.5)
add_custom_command(OUTPUT ${KEYS_PAGE}
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/docs/man/corral_yaml_5.py ${PROJECT_SOURCE_DIR}/config/corral.yaml > ${KEYS_PAGE}
    DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/corral_yaml_5.py ${PROJECT_SOURCE_DIR}/config/corral.yaml VERBATIM)
install_gzipped(${PROJECT_SOURCE_DIR}/docs/man/corral.1 corral.1 share/man/man1)
install_gzipped(${KEYS_PAGE} corral.yaml.5 share/man/man5)
install_gzipped(${PROJECT_SOURCE_DIR}/systemd/debian/changelog changelog ${DOC})

# The texts lie as in the sources, for they name each other.
install(FILES README.md systemd/debian/copyright DESTINATION ${DOC})
install(FILES systemd/README.md DESTINATION ${DOC}/systemd)
install(DIRECTORY docs/images DESTINATION ${DOC}/docs)
install(FILES docs/design.md docs/llama-cli.md docs/metrics.md DESTINATION ${DOC}/docs)
install(FILES config/corral.yaml DESTINATION ${DOC}/examples)
install(DIRECTORY config/grafana config/prometheus DESTINATION ${DOC}/examples)
install(DIRECTORY systemd/examples/ DESTINATION ${DOC}/examples/systemd)
install(DIRECTORY scripts/examples/ DESTINATION ${DOC}/examples/scripts USE_SOURCE_PERMISSIONS)
