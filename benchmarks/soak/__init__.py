"""Does the gateway hold on to anything, over half an hour of everything its clients may do?"""
