/* Removes one of two networks in the middle of transfers. Run by network-change.sh, in network namespaces. */

#include "../support.h"

/* In ms. The documented limit is one second; it includes the time in which a slow machine runs a command. */
enum { AT_ONCE = 1000 };

static void run_command(const char *command) {
  CHECK_NUMBER(system(command), 0);
}

/* Removes the network and its address, as when a phone leaves a Wi-Fi. */
static void take_away(void) {
  run_command("ip address del 10.19.1.2/24 dev client1");
}

/* Switches the interface off; it keeps its address. */
static void switch_off(void) {
  run_command("ip link set client1 down");
}

static void bring_back(void) {
  run_command("ip link set client1 up && ip address replace 10.19.1.2/24 dev client1");
}

static WxtNetwork mobile(void) {
  WxtNetwork network = wxt_network();
  network.kind = WXT_NETWORK_CELLULAR;
  network.metered = 1;
  return network;
}

static void wait_for_progress(Recorder *recorder) {
  pthread_mutex_lock(&recorder_lock);
  while (recorder->progress_events == 0 && strpbrk(recorder->order, "SF") == NULL) {
    pthread_cond_wait(&recorder_changed, &recorder_lock);
  }
  pthread_mutex_unlock(&recorder_lock);
  CHECK(!has_run(recorder, 'F') && !has_run(recorder, 'S'));
}

/* Both networks have transfers; the first is removed. */
static void in_the_middle(const char *scheme, void (*lose)(void)) {
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  Recorder download = {0}, without_length = {0}, upload = {0}, elsewhere = {0};
  start_download(session, format("%s://10.19.1.1/large", scheme), &download);
  start_download(session, format("%s://10.19.1.1/no-length", scheme), &without_length);
  start_upload(session, format("%s://10.19.1.1/large", scheme), in_directory("large"), &upload);
  start_download(session, format("%s://10.19.2.1/large", scheme), &elsewhere);
  wait_for_progress(&download);
  wait_for_progress(&without_length);
  wait_for_progress(&upload);
  wait_for_progress(&elsewhere);

  lose();
  WxtNetwork network = mobile();
  uint64_t told = now();
  CHECK_NUMBER(wxt_session_network_changed(session, &network, NULL), WXT_OK);
  Recorder *lost[] = {&download, &without_length, &upload};
  for (size_t index = 0; index < 3; index++) {
    wait_for(lost[index], 'R');
    printf("%s, lost transfer %zu: over after %u ms: %s\n", scheme, index, (unsigned)(now() - told), lost[index]->detail);
    CHECK(now() - told < AT_ONCE);
    CHECK(has_run(lost[index], 'F'));
    CHECK_NUMBER(lost[index]->category, WXT_CATEGORY_CONNECTION_CLOSED);
    CHECK_CONTAINS(lost[index]->detail, "the network changed");
    CHECK(lost[index]->retryable);
  }
  /* The transfer in the other network continues. */
  pthread_mutex_lock(&recorder_lock);
  uint64_t seen = elsewhere.progress.total_bytes;
  while (elsewhere.progress.total_bytes == seen && strpbrk(elsewhere.order, "SF") == NULL) {
    pthread_cond_wait(&recorder_changed, &recorder_lock);
  }
  pthread_mutex_unlock(&recorder_lock);
  CHECK(!has_run(&elsewhere, 'F'));
  close_session(session);
  wait_for(&elsewhere, 'R');
  bring_back();
}

/* A connection attempt from a removed address also ends at once. No host answers at 10.19.1.77. */
static void while_connecting(void) {
  run_command("ip neighbour replace 10.19.1.77 lladdr 02:00:00:00:00:77 dev client1");
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  Recorder recorder = {0};
  start_download(session, "http://10.19.1.77/", &recorder);
  /* The kernel shows the attempt. */
  run_command("until ss -Htn state syn-sent | grep -q 10.19.1.77; do sleep 0.01; done");
  take_away();
  WxtNetwork network = mobile();
  uint64_t told = now();
  CHECK_NUMBER(wxt_session_network_changed(session, &network, NULL), WXT_OK);
  wait_for(&recorder, 'R');
  printf("connecting: over after %u ms: %s\n", (unsigned)(now() - told), recorder.detail);
  CHECK(now() - told < AT_ONCE);
  CHECK_NUMBER(recorder.category, WXT_CATEGORY_CONNECT);
  CHECK_CONTAINS(recorder.detail, "the network changed");
  CHECK(recorder.retryable);
  close_session(session);
  bring_back();
}

/* A download after the change does not use the connection that was kept in the removed network. */
static void between_two_requests(void) {
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  Recorder first = {0}, second = {0};
  start_download(session, "https://10.19.1.1/small", &first);
  EXPECT_SUCCESS(&first, 200);
  take_away();
  bring_back();
  WxtNetwork network = mobile();
  CHECK_NUMBER(wxt_session_network_changed(session, &network, NULL), WXT_OK);
  start_download(session, "https://10.19.1.1/small", &second);
  EXPECT_SUCCESS(&second, 200);
  CHECK(!second.profile.socket_reused);
  recorder_forget(&first);
  recorder_forget(&second);
  close_session(session);
}

int main(void) {
  begin();
  /* A failed check ends the program without a flush. */
  setvbuf(stdout, NULL, _IONBF, 0);
  write_pattern(in_directory("large"), 64 * 1024 * 1024);
  in_the_middle("http", take_away);
  in_the_middle("https", take_away);
  in_the_middle("https", switch_off);
  while_connecting();
  between_two_requests();
  return 0;
}
