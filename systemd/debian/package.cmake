# The Debian package, corral_VERSION_ARCHITECTURE.deb: scripts/package makes it of what systemd/install.cmake installs.
# Its dependencies are those of the Debian release that it is built on (dpkg-shlibdeps).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME corral)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "corral maintainers <maintainers@corral.example>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "keeps llama-cli processes loaded and answers chat requests")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "corral is a supervisor of llama-cli processes (llama.cpp): a model is loaded
once per worker instead of once per question, and local users and shell
scripts share the workers through a Unix socket that speaks the dialect of
OpenAI's chat completions.
.
It restarts what crashes or hangs, queues what has to wait, and loses nothing
that it accepted: another worker goes on with the answer of one that died.")

set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Whoever has systemd has both; the others are for roots without it. The maintainer scripts use them.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
# llama-cli, from the oldest release whose pipe was measured (docs/llama-cli.md). Another one may be named in
# corral.yaml, so it is no dependency: not every release of Debian has it.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "llama.cpp-tools (>= 1:0.7.0)")

set(DEBIAN ${PROJECT_SOURCE_DIR}/systemd/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${DEBIAN}/conffiles ${DEBIAN}/postinst ${DEBIAN}/prerm ${DEBIAN}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
include(CPack)
