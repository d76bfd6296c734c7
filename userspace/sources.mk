# SPDX-License-Identifier: GPL-2.0-only
#
# The tool's sources by room, from the folder userspace/. Whatever builds some
# of them includes this.

user_base := $(addprefix base/,err.c text.c run.c loop.c confine.c memory.c notify.c)
user_parse := $(addprefix parse/,parse.c script.c secrets.c)
user_nl := $(addprefix nl/,nl.c api.c api_read.c settings.c router.c echo.c)
user_out := $(addprefix out/,out.c table.c json.c view.c draw.c capture.c frames.c explain.c)
user_session := $(addprefix session/,apart.c endpoint.c known.c relay.c service.c session.c)
user_serve := $(addprefix serve/,conf.c file.c guard.c link.c log.c priv.c serve.c share.c spawn.c starter.c target.c \
	listener.c listener_admit.c listener_command.c listener_conf.c listener_log.c \
	listener_login.c listener_session.c listener_target.c)
user_config := $(addprefix config/,keys.c model.c lines.c boot.c diff.c apply.c store.c undo.c waiter.c stretch.c)
user_cmd := $(addprefix cmd/,main.c diagnose.c config.c confirm.c connect.c decode.c discover.c \
	forward.c monitor.c neighbor.c ping.c port.c restore.c save.c serve.c ssh.c stretch.c topology.c traceroute.c)
user_all := $(user_base) $(user_parse) $(user_nl) $(user_out) $(user_session) $(user_serve) $(user_config) $(user_cmd)

# What needs no kernel.
user_pure := base/err.c base/text.c $(user_parse) out/out.c out/table.c out/json.c out/capture.c out/frames.c out/explain.c
# What reads the configuration of serve.
user_conf := serve/conf.c session/service.c base/err.c base/memory.c base/text.c $(user_parse)
# What reads captures.
user_capture := out/capture.c out/frames.c base/err.c base/text.c
user_headers := $(foreach room,base parse nl out session serve config cmd,$(room)/*.h)
